"""By way of TFLite: lowered by another compiler, then translated by tf2onnx."""

from typing import Any

from shared.domain.errors import StepRefused
from workers.converter import Bench
from workers.tensorflow_bridge.journey import TensorflowToOnnx, finish
from workers.tensorflow_bridge.renaming import rename
from workers.tensorflow_bridge.tracing import Callee, Traced, trace
from workers.tensorflow_bridge.translation import accept
from workers.tflite_bridge import handlers


def to_onnx(callee: Callee, bench: Bench[TensorflowToOnnx]) -> None:
    """Trace, compile to TFLite, translate, and deliver the checked file.

    Raises:
        StepRefused: TFLite's compiler gave up.
        UnsupportedOperator: tf2onnx has no translation of one of TFLite's operators.
    """
    bench.say("tracing the model", progress=0.2)
    traced = trace(callee, batch=None if bench.options.dynamic else 1)
    bench.say("compiling to TFLite", progress=0.35)
    path = bench.folder / "model.tflite"
    path.write_bytes(_compiled(traced))
    bench.say("translating the graph", progress=0.6)
    model = _translated(str(path), bench.options.opset)
    signature = traced.signature
    rename(
        model,
        [tensor.name for tensor in signature.inputs],
        [tensor.name for tensor in signature.outputs],
    )
    accept(model, signature, bench.options.opset)
    finish(model, bench)


def _compiled(traced: Traced) -> bytes:
    import tensorflow as tf

    compiler = tf.lite.TFLiteConverter.from_concrete_functions([traced.function], traced.owner)
    try:
        compiled: bytes = compiler.convert()
    except Exception as error:
        lines = [line for line in str(error).splitlines() if "error:" in line] or [str(error)]
        raise StepRefused(f"TFLite cannot hold this model: {lines[0][-300:]}") from error
    return compiled


def _translated(path: str, opset: int) -> Any:
    import tensorflow as tf
    from tf2onnx import optimizer
    from tf2onnx.tfonnx import process_tf_graph

    handlers.register()
    with tf.Graph().as_default() as graph:
        mapped = process_tf_graph(graph, opset=opset, tflite_path=path)
        return optimizer.optimize_graph(mapped).make_model("converted by Modelferry")
