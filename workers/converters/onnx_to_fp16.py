"""ONNX in float16, but for the nodes whose numbers it cannot hold: these stay in float32."""

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.precision.mixed import lower
from workers.precision.targets import FP16


class HalfOptions(Options):
    """What the user decides of it."""

    keep_io: bool = Field(
        default=True,
        description="Leave inputs and outputs in float32; false halves what callers send.",
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-to-fp16",
    options=HalfOptions,
    summary="Computes in float16; what it cannot hold stays in float32",
    version=1,
    packages=("onnx", "onnxruntime", "ml-dtypes"),
    memory=8.0,
    fidelity=Fidelity.LOSSY,
    asked_by="precision",
    asked_for="fp16",
)
def convert(bench: Bench[HalfOptions]) -> None:
    """Watch the float32 graph run, then lower what stays well within the range."""
    lower(bench, FP16, keep_io=bench.options.keep_io)
