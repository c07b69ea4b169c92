"""Ranges of shapes: what is guessed, what the user said, and what does not fit."""

import pytest

from shared.domain.engines import Range
from shared.domain.errors import InvalidProfile
from shared.domain.signatures import Signature, Tensor
from workers.tensorrt_bridge.profiles import profiles


def signature(**shapes):
    return Signature(
        inputs=tuple(
            Tensor(name=name, dtype="float32", shape=shape) for name, shape in shapes.items()
        ),
        outputs=(),
    )


def first(takes, given=None, values=()):
    ranges = {name: Range.model_validate(each) for name, each in (given or {}).items()}
    return next(profiles(takes, ranges, set(values)))


def reach(low, usual, high):
    return {"min": low, "opt": usual, "max": high}


def test_what_is_fixed_stays_fixed():
    profile = first(signature(x=(2, 3)))
    assert profile["x"] == Range(min=(2, 3), opt=(2, 3), max=(2, 3))


def test_what_is_fixed_leaves_one_profile():
    assert len(list(profiles(signature(x=(2, 3)), {}, set()))) == 1


def test_guesses_widen_from_small_to_large():
    each = first(signature(x=("n", 3, "h", "w")))["x"]
    assert each.min < each.opt < each.max
    assert {one[1] for one in (each.min, each.opt, each.max)} == {3}


def test_lengths_of_one_name_go_together():
    profile = first(signature(ids=("batch", "length"), mask=("batch", "length")))
    assert profile["ids"] == profile["mask"]


def test_derived_lengths_follow():
    profile = first(signature(x=("n", "s"), past=("n", "s + 1")))
    assert profile["past"].max[1] == profile["x"].max[1] + 1


def test_unnamed_batches_vary_together_and_other_lengths_alone():
    profile = first(signature(x=(None, 4), y=(None, None)))
    assert profile["x"].max[0] == profile["y"].max[0]


def test_the_users_lengths_hold_for_all_who_share_the_name():
    takes = signature(ids=("batch", "length"), mask=("batch", "length"))
    given = {"ids": reach([1, 2], [3, 4], [5, 6])}
    assert first(takes, given)["mask"] == Range.model_validate(given["ids"])


def test_scalars_that_are_shapes_have_one_value():
    takes = Signature(inputs=(Tensor(name="k", dtype="int64", shape=()),), outputs=())
    assert first(takes, values={"k"})["k"].min == (1,)
    given = {"k": reach([2], [3], [4])}
    assert first(takes, given, values={"k"})["k"].max == (4,)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"z": reach([1], [1], [1])}, "shapes.z", "is no input of the model. Its inputs are 'x'"),
        ({"x": reach([1], [1], [1])}, "shapes.x", r"has 2 dimensions, \(n, 3\); min has 1"),
        ({"x": reach([1, 3], [1, 3], [1, 4])}, "shapes.x", "has 3 on axis 1, and max says 4"),
        ({"x": reach([-1, 3], [1, 3], [2, 3])}, "shapes.x", "cannot be -1 long: min, axis 0"),
        ({"x": reach([4, 3], [2, 3], [8, 3])}, "shapes.x", "axis 0 has 4, 2, 8"),
        ({"x": reach([1, 3], [9, 3], [8, 3])}, "shapes.x", "axis 0 has 1, 9, 8"),
    ],
    ids=["unknown", "rank", "fixed", "negative", "min over opt", "opt over max"],
)
def test_ranges_that_do_not_fit_name_the_input(given, field, words):
    with pytest.raises(InvalidProfile, match=words) as caught:
        first(signature(x=("n", 3)), given)
    assert caught.value.fault.field == field


def test_ranges_that_contradict_each_other_name_both_inputs():
    takes = signature(ids=("batch", 4), mask=("batch", 4))
    given = {"ids": reach([1, 4], [2, 4], [4, 4]), "mask": reach([1, 4], [2, 4], [8, 4])}
    with pytest.raises(InvalidProfile, match=r"'mask' has the length 'batch' .* in 'ids'"):
        first(takes, given)


def test_values_of_a_shape_are_counted():
    takes = Signature(inputs=(Tensor(name="to", dtype="int64", shape=(2,)),), outputs=())
    with pytest.raises(InvalidProfile, match="give its 2 smallest, usual and largest values"):
        first(takes, {"to": reach([1], [1], [1])}, values={"to"})
