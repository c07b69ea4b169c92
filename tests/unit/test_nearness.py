"""How far outputs are apart in the layout in which they are nearest."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.transplant.nearness import nearest, relative

RANDOM = np.random.default_rng(0)


def drawn(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


@given(st.lists(st.integers(1, 4), min_size=3, max_size=5))
def test_channels_may_be_last_or_first(shape: list[int]) -> None:
    array = drawn(*shape)
    assert nearest(np.moveaxis(array, -1, 1), array) == 0
    assert nearest(np.moveaxis(array, 1, -1), array) == 0


def test_a_square_picture_is_compared_in_the_nearer_layout() -> None:
    array = drawn(2, 3, 3, 3)
    assert nearest(array, np.moveaxis(array, -1, 1)) == 0
    assert relative(array, np.moveaxis(array, -1, 1)) > 0.1


def test_the_last_output_of_a_sequence() -> None:
    array = drawn(2, 5, 4)
    assert nearest(array[:, -1], array) == 0
    assert nearest(array[:, -1], np.swapaxes(array, 0, 1)) == 0


def test_the_last_states_of_both_directions() -> None:
    array = drawn(2, 5, 4)
    states = np.concatenate([array[:, -1, :2], array[:, 0, 2:]], 1)
    assert nearest(states, array) == 0


def test_axes_of_length_one_are_not_missed() -> None:
    array = drawn(2, 6)
    assert nearest(array, array[:, :, None, None]) == 0


def test_other_lengths_cannot_be_compared() -> None:
    assert nearest(drawn(2, 3), drawn(2, 4)) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_near_only_to_itself(bad: float) -> None:
    one = np.array([1.0, bad], np.float32)
    assert relative(one, one) == 0
    assert relative(one, np.array([1.0, 2.0], np.float32)) == inf
    assert relative(np.array([1.0, 2.0], np.float32), one) == inf


def test_the_error_is_relative_to_the_largest_number() -> None:
    assert relative(np.array([10.0, 0.1]), np.array([10.0, 0.2])) == pytest.approx(0.01)
    assert relative(np.zeros(2), np.array([0.0, 1e-9])) == inf
    assert relative(np.zeros(0), np.zeros(0)) == 0
