"""What is said of a location, and what looking for it may cost."""

import pytest

from shared.domain.locations import Located, location
from shared.domain.plans import TOLERANCES
from shared.domain.precisions import Precision, tolerances
from shared.domain.signatures import Signature
from workers.localisation.budget import MOST_CONVERSIONS, SECONDS, Budget
from workers.localisation.telling import told
from workers.verification.verify import Kept

NOTHING = Signature(inputs=(), outputs=())
EXACT = Kept(NOTHING, (), TOLERANCES, recast=False)
HALF = Kept(NOTHING, (), tolerances(Precision.FP16), recast=False)
FOUND = Located(
    step=1,
    steps=3,
    converter="onnx-to-pt2",
    node="n",
    operator="Add",
    error_before=1.234e-7,
    error_after=0.5,
    runs=4,
)


def test_step_node_and_errors_are_said() -> None:
    sentence = told(FOUND, EXACT)
    assert "Step 2 of 3, onnx-to-pt2, is the first that is wrong" in sentence
    assert (
        "at the node 'n' (Add): the relative error is 1.2e-07 before it and 0.5 after" in sentence
    )
    assert "write that node in other operators" in sentence


def test_of_one_step_no_number_is_said() -> None:
    sentence = told(FOUND.model_copy(update={"steps": 1, "step": 0}), EXACT)
    assert sentence.startswith("The step onnx-to-pt2 is wrong, at the node 'n'")


def test_a_precision_is_no_mistake() -> None:
    sentence = told(FOUND, HALF)
    assert "loses more than its precision may, at the node 'n'" in sentence
    assert "wrong" not in sentence
    assert "higher precision" in sentence


def test_where_no_node_is_named_the_reason_is() -> None:
    bare = {"node": None, "operator": None, "range": ("a", "z"), "why": "the time ended"}
    sentence = told(FOUND.model_copy(update=bare), EXACT)
    assert "between the nodes 'a' and 'z'" in sentence
    assert "No node is named: the time ended." in sentence
    assert "that step" in sentence


def test_a_transplants_layers_are_said_on_both_sides_with_the_cause() -> None:
    found = FOUND.model_copy(update={"counterpart": "bn", "cause": "eps is 0.1."})
    sentence = told(found, EXACT)
    assert "at the layer 'n' (Add), 'bn' in the result: the relative error is 1.2e-07" in sentence
    assert "eps is 0.1. Correct the mapping, or the layer of the template." in sentence


def test_an_error_without_a_number_is_said_to_be_that() -> None:
    assert "no number after it" in told(FOUND.model_copy(update={"error_after": None}), EXACT)


def test_the_first_report_that_has_one_tells_the_location() -> None:
    reports = [None, {}, {"located": None}, {"located": FOUND.model_dump(mode="json")}]
    assert location(reports) == FOUND
    assert location(reports[:3]) is None
    assert location([{"located": {"step": "first"}}, reports[3]]) == FOUND


@pytest.mark.parametrize(("left", "seconds"), [(None, SECONDS), (100.0, 50.0), (1e6, SECONDS)])
def test_half_of_what_is_left_may_be_spent(left: float | None, seconds: float) -> None:
    assert Budget(left).seconds == seconds


def test_conversions_are_few() -> None:
    budget = Budget()
    assert budget.may_convert(MOST_CONVERSIONS - 1)
    assert not budget.is_spent
    assert not budget.may_convert(MOST_CONVERSIONS)
    assert budget.is_spent


def test_without_time_nothing_is_begun() -> None:
    budget = Budget(0.0)
    assert not budget.may_go_on()
    assert budget.is_spent
