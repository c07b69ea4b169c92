"""By way of TFLite: lowered by another compiler, then translated by tf2onnx."""

from typing import Any

from shared.domain.errors import StepRefused
from workers.converter import Bench
from workers.tensorflow_bridge.journey import TensorflowToOnnx, finish
from workers.tensorflow_bridge.tracing import Callee, Traced, trace
from workers.tensorflow_bridge.translation import accept


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
    _rename(model, traced)
    accept(model, traced.signature, bench.options.opset)
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

    with tf.Graph().as_default() as graph:
        mapped = process_tf_graph(graph, opset=opset, tflite_path=path)
        return optimizer.optimize_graph(mapped).make_model("converted by Modelferry")


def _rename(model: Any, traced: Traced) -> None:
    """TFLite keeps order but calls inputs and outputs what it likes."""
    signature = traced.signature
    names = {
        info.name: tensor.name
        for infos, tensors in (
            (model.graph.input, signature.inputs),
            (model.graph.output, signature.outputs),
        )
        for info, tensor in zip(infos, tensors, strict=True)
    }
    for info in (*model.graph.input, *model.graph.output):
        info.name = names[info.name]
    for node in _nodes(model.graph):
        for field in (node.input, node.output):
            field[:] = [names.get(name, name) for name in field]


def _nodes(graph: Any) -> list[Any]:
    """Those of subgraphs too: they read the outer graph's tensors."""
    found = list(graph.node)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found.extend(_nodes(attribute.g))
    return found
