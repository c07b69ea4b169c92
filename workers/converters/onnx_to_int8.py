"""ONNX in int8: products of activations and weights quantised by the user's samples."""

from pydantic import Field

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.precision.int8 import Wish, to_int8
from workers.precision.spots import Operator
from workers.precision.thresholds import Calibration


class Int8Options(Options):
    """How scales are found, and what is quantised."""

    calibration: Calibration = Field(
        default=Calibration.ENTROPY,
        description="How the range of a tensor is found: entropy clips rare large values,"
        " minmax clips none, percentile clips a fixed part.",
    )
    percentile: float = Field(
        default=99.99, gt=50, le=100, description="Of values that percentile does not clip."
    )
    per_channel: bool = Field(
        default=True, description="A scale for each output channel of a weight, not one for all."
    )
    operators: tuple[Operator, ...] = Field(
        default=tuple(Operator), min_length=1, description="The operators that are quantised."
    )
    leave_out: tuple[str, ...] = Field(
        default=(), description="Names of nodes that stay in float32."
    )


@converter(
    ONNX,
    ONNX,
    name="onnx-to-int8",
    options=Int8Options,
    summary="Quantises products by the user's samples, as QuantizeLinear and DequantizeLinear",
    version=1,
    packages=("onnx", "onnxruntime"),
    memory=8.0,
    fidelity=Fidelity.LOSSY,
    asked_by="precision",
    asked_for="int8",
    samples=True,
)
def convert(bench: Bench[Int8Options]) -> None:
    """Run the float32 graph on the samples, then put Q/DQ pairs in."""
    options = bench.options
    wish = Wish(
        calibration=options.calibration,
        percentile=options.percentile,
        per_channel=options.per_channel,
        operators=options.operators,
        leave_out=options.leave_out,
    )
    to_int8(bench, wish)
