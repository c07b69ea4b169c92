"""The child's answers when a converter fails: whose fault it is."""

import errno
import json
import os

import pytest

from shared.domain.errors import LibraryMissing, UnsupportedOperator
from shared.domain.formats import ONNX, STATE_DICT
from shared.domain.orders import Input, WorkOrder
from shared.domain.plans import TOLERANCES, Convert
from workers import child
from workers.converter import Options, converter


@pytest.fixture
def carry(tmp_path, monkeypatch):
    """Run a converter's body as the one step of an order; the note as JSON."""

    def run(body):
        edge = converter(STATE_DICT, ONNX, name="odd", options=Options, summary="odd", version=1)(
            body
        )
        monkeypatch.setattr(child, "catalogue", lambda: {"odd": edge})
        (tmp_path / "in.bin").write_bytes(b"x")
        order = WorkOrder(
            action=Convert(
                converter="odd",
                version=1,
                source="state-dict",
                target="onnx",
                options={},
                toolchain={},
            ),
            inputs={"source": Input(path="in.bin", format="state-dict")},
            output="out.bin",
            tolerances=TOLERANCES,
        )
        (tmp_path / "order.json").write_text(order.model_dump_json())
        assert child.main(tmp_path) == 0
        return json.loads((tmp_path / "result.json").read_text())

    return run


def raising(error):
    def body(bench):
        raise error

    return body


def wrapped(error):
    def body(bench):
        try:
            raise error
        except type(error) as inner:
            raise RuntimeError("the library hides it") from inner

    return body


def test_what_was_written_is_produced(carry):
    note = carry(lambda bench: bench.target.write_bytes(b"12345"))
    assert note == {"kind": "produced", "report": {"size": 5}}


def test_nothing_written_is_a_failure(carry):
    assert carry(lambda _: None)["fault"]["code"] == "conversion_failed"


def test_a_librarys_error_is_the_models_fault_in_one_line(carry):
    note = carry(raising(ValueError("a lot of context\n\n  the reason  \n")))
    assert note["kind"] == "refused"
    assert note["fault"]["code"] == "conversion_failed"
    assert note["fault"]["detail"] == "convert odd: ValueError: the reason"


def test_our_own_errors_keep_node_and_operator(carry):
    fault = carry(wrapped(UnsupportedOperator("no", node="n", operator="o")))["fault"]
    assert (fault["code"], fault["node"], fault["operator"]) == ("unsupported_operator", "n", "o")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("how", [raising, wrapped])
def test_a_full_disk_is_the_machines_fault(carry, number, how):
    note = carry(how(OSError(number, "full")))
    assert note["kind"] == "broke"
    assert note["fault"]["code"] == "storage_full"


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 TB")]
)
def test_memory_is_named(carry, error):
    note = carry(raising(error))
    assert (note["kind"], note["fault"]["code"]) == ("refused", "memory_exceeded")


def test_progress_goes_to_the_given_descriptor():
    told, telling = os.pipe()
    child._voice(telling)("half way", 0.5)
    os.close(telling)
    with os.fdopen(told) as notes:
        assert json.loads(notes.read()) == {"message": "half way", "progress": 0.5}


def test_a_library_that_is_not_there_is_the_machines_fault(carry):
    note = carry(wrapped(LibraryMissing("It was here when the worker started.")))
    assert (note["kind"], note["fault"]["code"]) == ("broke", "library_missing")
