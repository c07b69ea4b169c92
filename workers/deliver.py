"""Deliver: the last act of every converter to ONNX. No file counts before it was loaded."""

from pathlib import Path
from typing import Any

from shared.domain.archives import pack
from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.converter import Bench
from workers.onnxruntime_bridge.faults import read_fault
from workers.onnxruntime_bridge.sessions import start_any

LARGEST_FILE = (1 << 31) - 1
"""Bytes of a protobuf message at most; larger models keep their weights in a second file."""


def draft(bench: Bench[Any]) -> Path:
    """Where to write the model: a file in a folder that holds nothing else."""
    folder = bench.folder / "draft"
    folder.mkdir()
    return folder / "model.onnx"


def deliver(bench: Bench[Any], model: Path) -> None:
    """Check the model in full, load it, and put it where the result belongs.

    A model that is one file is delivered as it is; one with external data as a zip of the
    folder that it lies in.

    Raises:
        UnsupportedOperator: ONNX Runtime has no kernel for one of its nodes.
        StepRefused: the file is not valid ONNX.
    """
    import onnx

    bench.say("checking the ONNX file", progress=0.85)
    # The checker insists on a rank at every end, which the format does not.
    if _has_ranks(onnx.load(model, load_external_data=False)):
        try:
            onnx.checker.check_model(str(model), full_check=True)
        except Exception as error:
            raise _at_fault(read_fault(error)) from error
    try:
        start_any(model, optimise=False)
    except FerryError as error:
        raise _at_fault(error) from error
    if len(list(model.parent.iterdir())) == 1:
        model.replace(bench.target)
    else:
        bench.say("packing the model with its weights", progress=0.95)
        pack(model.parent, bench.target)


def _has_ranks(model: Any) -> bool:
    return all(
        each.type.tensor_type.HasField("shape")
        for each in (*model.graph.input, *model.graph.output)
        if each.type.HasField("tensor_type")
    )


def _at_fault(error: FerryError) -> FerryError:
    """An invalid file of our own making is the conversion's fault, not the model's."""
    if isinstance(error, UnsupportedOperator):
        return error
    fault = error.fault
    return StepRefused(
        f"The converter wrote a file that is not valid. {fault.detail}",
        node=fault.node,
        operator=fault.operator,
    )
