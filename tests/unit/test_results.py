"""What is read of a child's result, by the kind of its order."""

import json

import pytest

from shared.domain.errors import Crashed
from shared.domain.orders import WorkOrder
from shared.domain.outcomes import Produced, Refused
from shared.domain.plans import Check, Verify
from workers.results import outcome_of

CHECK = Check(source="onnx", target="tensorrt", version=1, before=0, toolchain={})
VERIFY = Verify(reference="onnx", candidate="pt2", toolchain={})
FAULT = {"code": "unsupported_operator", "band": "yours", "detail": "No.", "operator": "Erfc"}


def _outcome(folder, action, **note):
    (folder / "result.json").write_text(json.dumps(note))
    order = WorkOrder(action=action, inputs={}, output="output", tolerances={})
    return outcome_of(folder, order)


def test_a_check_tells_what_is_covered(tmp_path):
    told = _outcome(tmp_path, CHECK, kind="produced", report={"coverage": {"nodes": 3}})
    assert told == Produced(None, {"coverage": {"nodes": 3}})


def test_a_check_that_refuses_keeps_its_report(tmp_path):
    told = _outcome(tmp_path, CHECK, kind="refused", fault=FAULT, report={"a": "b\0", "c": None})
    assert isinstance(told, Refused)
    assert told.fault.operator == "Erfc"
    assert told.report == {"a": "b\ufffd", "c": None}


def test_a_verification_cannot_only_produce(tmp_path):
    with pytest.raises(Crashed, match="another kind"):
        _outcome(tmp_path, VERIFY, kind="produced")


def test_a_check_cannot_agree(tmp_path):
    with pytest.raises(Crashed, match="another kind"):
        _outcome(tmp_path, CHECK, kind="agreed", report={})
