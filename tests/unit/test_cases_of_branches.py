"""Cases of models whose data decide what they run: both signs, several scales, every size."""

import numpy as np
import pytest

from shared.domain.signatures import Signature, Tensor
from workers.runtime import Limits, Session
from workers.runtimes.branching import branches
from workers.verification.cases import CHEAP, reference_runs
from workers.verification.fit import Fit


def runs_of(shape, *, branching=True, fit=None):
    tensor = Tensor(name="x", dtype="float32", shape=shape)
    told = Signature(inputs=(tensor,), outputs=(tensor.model_copy(update={"name": "y"}),))
    session = Session(told, lambda given: {"y": given["x"] + 1}, branches=branching)
    runs, _ = reference_runs(session, told, None, 0, lambda *_: None, fit=fit)
    return [run.case for run in runs]


def fixed(*sizes):
    shapes = tuple({"x": size} for size in sizes)
    return Fit(shapes, Limits(low=shapes[0], high=shapes[-1], values=({},) * len(sizes)))


LARGE = (3, 300, 300)

SIZES = {
    "open batch": (("n", 3), None),
    "fixed batch": ((2, 3), None),
    "fixed batch, open length": ((2, "t"), None),
    "large": ((1, *LARGE), None),
    "large with an open batch": (("n", *LARGE), None),
    "one size of an engine": (("n", 3), fixed((4, 3))),
    "sizes of an engine": (("n", 3), fixed((1, 3), (4, 3), (8, 3))),
    "one large size of an engine": ((1, *LARGE), fixed((1, *LARGE))),
}


@pytest.mark.parametrize("size", SIZES)
def test_each_sign_is_tried_at_each_scale(size):
    shape, fit = SIZES[size]
    cases = runs_of(shape, fit=fit)
    seen = {"both": set(), "positive": set(), "negative": set()}
    for case in cases:
        x = case.inputs["x"]
        side = "positive" if (x >= 0).all() else "negative" if (x <= 0).all() else "both"
        seen[side].add(case.scale)
    assert seen == {side: {1.0, 0.1, 4.0} for side in seen}
    assert all(case.label.endswith(("positive", "negative")) for case in cases[-6:])


@pytest.mark.parametrize("size", SIZES)
def test_one_that_does_not_branch_has_several_scales_and_a_mirrored_case(size):
    shape, fit = SIZES[size]
    cases = runs_of(shape, branching=False, fit=fit)
    assert {case.scale for case in cases} == {1.0, 0.1, 4.0}
    assert any("mirrored" in case.label for case in cases)
    elements = np.prod([each if isinstance(each, int) else 1 for each in shape])
    assert len(cases) <= (16 if elements <= CHEAP else 4)


@pytest.mark.parametrize(
    ("operator", "does"),
    [("If", True), ("while_loop", True), ("prim::If", True), ("While", True), ("Relu", False)],
)
def test_operators_that_branch_are_known_as_each_framework_calls_them(operator, does):
    assert branches([operator, "Conv"]) is does
