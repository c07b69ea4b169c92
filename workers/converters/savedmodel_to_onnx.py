"""TensorFlow SavedModel to ONNX: one signature, through tf2onnx."""

from pydantic import Field

from shared.domain.formats import ONNX, SAVEDMODEL
from workers.converter import Bench, converter
from workers.tensorflow_bridge import saved_models
from workers.tensorflow_bridge.journey import TensorflowToOnnx, to_onnx


class SavedModelToOnnx(TensorflowToOnnx):
    signature: str | None = Field(
        default=None,
        description="The signature to convert; `serving_default`, or the only one, by default.",
    )


@converter(
    SAVEDMODEL,
    ONNX,
    options=SavedModelToOnnx,
    summary="tf2onnx over the frozen graph of one signature; keeps every open dimension",
    packages=("tensorflow-cpu", "tf2onnx", "onnx", "onnxruntime", "numpy"),
    memory=12.0,
    version=1,
)
def convert(bench: Bench[SavedModelToOnnx]) -> None:
    bench.say("loading the model", progress=0.05)
    model = saved_models.load(bench.source)
    to_onnx(saved_models.callee(model, bench.options.signature), bench)
