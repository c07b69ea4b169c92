"""Baked in: told from the cases that agree and those that do not."""

import pytest

from workers.verification.baked import Outcome, baked_in

TWO, FIVE = ((2, 3),), ((5, 3),)


def outcome(shapes=TWO, *, agreed=True, distance: float | None = 0.0, share=1.0) -> Outcome:
    return Outcome(shapes, agreed=agreed, distance=distance, share=share)


def test_far_off_on_other_data_is_a_branch():
    told = baked_in([outcome(), outcome(agreed=False, distance=0.8)])
    assert told is not None
    assert "a branch was baked in" in told
    assert "1 of 2 cases" in told


@pytest.mark.parametrize("distance", [None, 0.8])
def test_far_off_at_other_shapes_is_a_length(distance):
    told = baked_in([outcome(), outcome(FIVE, agreed=False, distance=distance)])
    assert told is not None
    assert "a length was baked in" in told


@pytest.mark.parametrize(
    "outcomes",
    [
        [],
        [outcome()],
        [outcome(agreed=False, distance=0.9)],
        [outcome(), outcome(agreed=False, distance=0.01)],
        [outcome(), outcome(agreed=False, distance=0.9), outcome(agreed=False, distance=0.01)],
        [outcome(), outcome(agreed=False, distance=None)],
        [outcome(), outcome(FIVE, agreed=False, distance=0.9, share=0.1)],
    ],
)
def test_nothing_is_said_where_it_may_be_something_else(outcomes):
    assert baked_in(outcomes) is None
