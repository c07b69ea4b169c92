"""ONNX to ONNX Runtime's own format: the graph as ONNX Runtime has optimised it."""

from typing import Any, Final, Literal

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import ONNX, ORT
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.skeletons import read
from workers.onnx_files.external import locations
from workers.onnxruntime_bridge.faults import read_fault

LEVELS: Final = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}

LARGEST: Final = (1 << 31) - 1
"""Bytes of a flatbuffer at most: its offsets are 32 bits, signed."""


class OrtOptions(Options):
    """How far the graph is optimised before it is written."""

    optimisation: Literal["none", "basic", "extended", "all"] = Field(
        "extended",
        description="What ONNX Runtime does to the graph before it writes it. `all` lays weights"
        " out for the kind of CPU that the worker has; the others run everywhere.",
    )


@converter(
    ONNX,
    ORT,
    options=OrtOptions,
    summary="ONNX Runtime's own format, optimised ahead of time",
    version=1,
    packages=("onnx", "onnxruntime"),
    memory=5.0,
)
def convert(bench: Bench[OrtOptions]) -> None:
    """Load the model, and keep what ONNX Runtime made of it."""
    import onnxruntime

    model = read(bench.source)
    _insist_on_size(bench, model)
    _insist_on_ends(model)
    bench.say("optimising the graph", progress=0.2)
    draft = bench.folder / "model.ort"
    settings = onnxruntime.SessionOptions()
    level = LEVELS[bench.options.optimisation]
    settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    settings.optimized_model_filepath = str(draft)
    settings.add_session_config_entry("session.save_model_format", "ORT")
    try:
        onnxruntime.InferenceSession(
            str(bench.source), sess_options=settings, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise read_fault(error) from error
    draft.replace(bench.target)


def _insist_on_ends(model: Any) -> None:
    from onnx import TensorProto

    for each in (*model.graph.input, *model.graph.output):
        if each.type.tensor_type.elem_type == TensorProto.BFLOAT16:
            raise StepRefused(
                f"{each.name!r} is bfloat16, which ONNX Runtime takes no arrays of. Put a Cast"
                " from or to float32 there.",
                node=each.name,
            )


def _insist_on_size(bench: Bench[OrtOptions], model: Any) -> None:
    files = [bench.source, *(bench.source.parent / each for each in locations(model))]
    size = sum(each.stat().st_size for each in files)
    if size > LARGEST:
        raise StepRefused(
            f"The model is {size} bytes, and a file of ONNX Runtime's format holds {LARGEST} at"
            " most. Deliver it as onnx, whose weights may lie in a file of their own, or as"
            " openvino."
        )
