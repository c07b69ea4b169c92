"""The journey of a loaded model to ONNX or a SavedModel, with word of each stage."""

from typing import Any

from pydantic import Field

from workers.converter import Bench, Options
from workers.deliver import LARGEST_FILE, deliver, draft
from workers.tensorflow_bridge.exporting import export
from workers.tensorflow_bridge.freezing import freeze
from workers.tensorflow_bridge.tracing import Callee, trace
from workers.tensorflow_bridge.translation import HIGHEST_OPSET, LOWEST_OPSET, translate


class TensorflowToOnnx(Options):
    """What every route through tf2onnx lets its user choose."""

    opset: int = Field(
        default=HIGHEST_OPSET,
        ge=LOWEST_OPSET,
        le=HIGHEST_OPSET,
        description="ONNX operator set to write.",
    )
    dynamic: bool = Field(
        default=True,
        description="Keep the axes that may vary; false fixes the batch to 1.",
    )


class ToSavedModel(Options):
    """What every route to a SavedModel lets its user choose."""

    dynamic: bool = Field(
        default=True,
        description="Keep the axes that may vary; false fixes the batch to 1.",
    )


def to_savedmodel(callee: Callee, bench: Bench[ToSavedModel]) -> None:
    """Write the model with its variables, and one signature called `serving_default`."""
    bench.say("tracing and writing the model", progress=0.4)
    export(callee, bench.target, batch=None if bench.options.dynamic else 1)


def to_onnx(callee: Callee, bench: Bench[TensorflowToOnnx]) -> None:
    """Trace, freeze, translate, and deliver the checked file.

    Raises:
        UnsupportedOperator: a node has no translation; which one.
        StepRefused: what was written is not valid.
    """
    bench.say("tracing the model", progress=0.2)
    traced = trace(callee, batch=None if bench.options.dynamic else 1)
    bench.say("freezing the weights", progress=0.35)
    frozen = freeze(traced)
    bench.say("translating the graph", progress=0.5)
    model = translate(frozen, bench.options.opset, bench.say)
    finish(model, bench)


def finish(model: Any, bench: Bench[TensorflowToOnnx]) -> None:
    """Write the model and deliver the checked file.

    Raises:
        UnsupportedOperator, StepRefused: as with `to_onnx`.
    """
    bench.say("writing the file", progress=0.8)
    path = draft(bench)
    _save(model, str(path))
    deliver(bench, path)


def _save(model: Any, path: str) -> None:
    import onnx

    large = model.ByteSize() > LARGEST_FILE
    onnx.save(model, path, save_as_external_data=large, location="weights.bin")
