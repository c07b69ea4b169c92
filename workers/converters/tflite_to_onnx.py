"""TensorFlow Lite to ONNX, by tf2onnx with the operators that it lacks."""

from pydantic import Field

from shared.domain.formats import ONNX, TFLITE
from workers.converter import Bench, converter
from workers.runtimes.tflite import chosen
from workers.tensorflow_bridge.journey import TensorflowToOnnx, finish
from workers.tflite_bridge import files
from workers.tflite_bridge.translation import translate


class TfliteToOnnx(TensorflowToOnnx):
    dynamic: bool = Field(
        default=True,
        description="Keep the axes that may vary; false fixes the batch to 1.",
    )
    signature: str | None = Field(
        default=None,
        description="The signature to convert; `serving_default`, or the only one, by default.",
    )


@converter(
    TFLITE,
    ONNX,
    options=TfliteToOnnx,
    summary="tf2onnx over the flatbuffer; names and open dimensions of the signature kept",
    packages=("ai-edge-litert", "tensorflow-cpu", "tf2onnx", "onnx", "onnxruntime", "numpy"),
    memory=8.0,
    version=1,
)
def convert(bench: Bench[TfliteToOnnx]) -> None:
    bench.say("reading the file", progress=0.05)
    lite = files.read(bench.source)
    entry = lite.entry(bench.options.signature or chosen(bench.source))
    bench.say("translating the graph", progress=0.3)
    batch = None if bench.options.dynamic else 1
    model = translate(bench.source, bench.folder, entry, bench.options.opset, batch=batch)
    finish(model, bench)
