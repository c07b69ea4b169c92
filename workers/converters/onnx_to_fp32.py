"""ONNX in float32, whatever floats it had inside. Its inputs and outputs keep their types."""

from shared.domain.formats import ONNX
from shared.domain.offers import Fidelity
from workers.converter import Bench, Options, converter
from workers.precision.mixed import bring_up


class WideOptions(Options):
    """There is nothing to decide."""


@converter(
    ONNX,
    ONNX,
    name="onnx-to-fp32",
    options=WideOptions,
    summary="Brings float16 and bfloat16 up to float32; int8 stays as it was quantised",
    version=1,
    packages=("onnx", "onnxruntime"),
    memory=5.0,
    fidelity=Fidelity.CLOSE,
    asked_by="precision",
    asked_for="fp32",
)
def convert(bench: Bench[WideOptions]) -> None:
    """Widen weights, attributes and Casts; a float32 graph is passed on as it is."""
    bring_up(bench)
