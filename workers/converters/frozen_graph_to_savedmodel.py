"""TensorFlow frozen graph to a SavedModel, with one named signature."""

from shared.domain.formats import FROZEN_GRAPH, SAVEDMODEL
from workers.converter import Bench, converter
from workers.tensorflow_bridge import frozen_graphs
from workers.tensorflow_bridge.frozen_options import OfFrozenGraph
from workers.tensorflow_bridge.journey import ToSavedModel, to_savedmodel


class FrozenGraphToSavedModel(ToSavedModel, OfFrozenGraph):
    """Both what a SavedModel and what the graph leaves open."""


@converter(
    FROZEN_GRAPH,
    SAVEDMODEL,
    options=FrozenGraphToSavedModel,
    summary="TensorFlow's own writer; inputs and outputs called as the graph's nodes are",
    packages=("tensorflow-cpu", "tf2onnx", "numpy"),
    memory=6.0,
    version=1,
)
def convert(bench: Bench[FrozenGraphToSavedModel]) -> None:
    bench.say("reading the graph", progress=0.05)
    options = bench.options
    graph = frozen_graphs.read(bench.source, options.graph_inputs, options.graph_outputs)
    to_savedmodel(frozen_graphs.callee(graph), bench)
