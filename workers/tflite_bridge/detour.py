"""By way of TFLite: lowered by another compiler, then translated by tf2onnx."""

from workers.converter import Bench
from workers.tensorflow_bridge.freezing import freeze
from workers.tensorflow_bridge.journey import TensorflowToOnnx, finish
from workers.tensorflow_bridge.tracing import Callee, trace
from workers.tflite_bridge import files
from workers.tflite_bridge.compiling import compiled
from workers.tflite_bridge.options import ToTflite
from workers.tflite_bridge.translation import translate


def to_onnx(callee: Callee, bench: Bench[TensorflowToOnnx]) -> None:
    """Trace, freeze, compile to TFLite, translate, and deliver the checked file.

    Raises:
        StepRefused: TFLite's compiler gave up.
        UnsupportedOperator: TFLite or tf2onnx has no counterpart of an operator.
    """
    bench.say("tracing the model", progress=0.2)
    traced = trace(callee, batch=None if bench.options.dynamic else 1)
    bench.say("freezing the weights", progress=0.3)
    frozen = freeze(traced)
    bench.say("compiling to TFLite", progress=0.4)
    path = bench.folder / "model.tflite"
    path.write_bytes(compiled(frozen, bench.folder / "frozen", ToTflite(), None))
    bench.say("translating the graph", progress=0.6)
    entry = files.read(path).entry(None)
    finish(translate(path, bench.folder, entry, bench.options.opset), bench)
