"""TensorFlow SavedModel to TensorFlow Lite: one signature, by TensorFlow's own compiler."""

from pydantic import Field

from shared.domain.formats import SAVEDMODEL, TFLITE
from workers.converter import Bench, converter
from workers.tensorflow_bridge import saved_models
from workers.tflite_bridge.compiling import to_tflite
from workers.tflite_bridge.options import ToTflite


class SavedModelToTflite(ToTflite):
    signature: str | None = Field(
        default=None,
        description="The signature to convert; `serving_default`, or the only one, by default.",
    )


@converter(
    SAVEDMODEL,
    TFLITE,
    options=SavedModelToTflite,
    summary="TensorFlow's compiler over the frozen graph of one signature; open dimensions kept",
    packages=("tensorflow-cpu", "tf2onnx", "ai-edge-litert", "numpy"),
    memory=10.0,
    version=1,
    samples_for={"quantization": "int8"},
)
def convert(bench: Bench[SavedModelToTflite]) -> None:
    bench.say("loading the model", progress=0.05)
    model = saved_models.load(bench.source)
    to_tflite(saved_models.callee(model, bench.options.signature), bench)
