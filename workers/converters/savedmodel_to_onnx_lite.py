"""TensorFlow SavedModel to ONNX by way of TFLite, whose compiler lowers graphs differently."""

from shared.domain.formats import ONNX, SAVEDMODEL
from shared.domain.offers import Fidelity
from workers.converter import Bench, converter
from workers.converters.savedmodel_to_onnx import SavedModelToOnnx
from workers.tensorflow_bridge import saved_models
from workers.tflite_bridge.detour import to_onnx


@converter(
    SAVEDMODEL,
    ONNX,
    options=SavedModelToOnnx,
    name="savedmodel-to-onnx-lite",
    summary="TFLite's compiler, then tf2onnx: for graphs that tf2onnx cannot read as they are",
    packages=("tensorflow-cpu", "tf2onnx", "ai-edge-litert", "onnx", "onnxruntime", "numpy"),
    memory=12.0,
    fidelity=Fidelity.NARROW,
    version=2,
)
def convert(bench: Bench[SavedModelToOnnx]) -> None:
    bench.say("loading the model", progress=0.05)
    model = saved_models.load(bench.source)
    to_onnx(saved_models.callee(model, bench.options.signature), bench)
