"""TensorFlow frozen graph to ONNX, through tf2onnx."""

from shared.domain.formats import FROZEN_GRAPH, ONNX
from workers.converter import Bench, converter
from workers.tensorflow_bridge import frozen_graphs
from workers.tensorflow_bridge.frozen_options import OfFrozenGraph
from workers.tensorflow_bridge.journey import TensorflowToOnnx, to_onnx


class FrozenGraphToOnnx(TensorflowToOnnx, OfFrozenGraph):
    """Both what tf2onnx and what the graph leaves open."""


@converter(
    FROZEN_GRAPH,
    ONNX,
    options=FrozenGraphToOnnx,
    summary="tf2onnx over the graph from its placeholders on; keeps every open dimension",
    packages=("tensorflow-cpu", "tf2onnx", "onnx", "onnxruntime", "numpy"),
    memory=12.0,
    version=1,
)
def convert(bench: Bench[FrozenGraphToOnnx]) -> None:
    bench.say("reading the graph", progress=0.05)
    options = bench.options
    graph = frozen_graphs.read(bench.source, options.graph_inputs, options.graph_outputs)
    to_onnx(frozen_graphs.callee(graph), bench)
