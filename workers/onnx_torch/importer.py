"""The importer: an ONNX file as a torch module that walks its graph."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from torch import nn
from typing_extensions import override

from workers.onnx_graph.nodes import Graph, Model
from workers.onnx_graph.reading import read
from workers.onnx_graph.registry import Registry
from workers.onnx_graph.values import Constant, Known
from workers.onnx_graph.walking import Walker
from workers.onnx_torch.framework import Torch
from workers.onnx_torch.layers import with_layers
from workers.onnx_torch.naming import paths
from workers.onnx_torch.weights import Weights

REGISTRY: Final = Registry("workers.onnx_torch")


class OnnxModule(nn.Module):  # type: ignore[misc] # torch is not typed here
    """Takes the graph's inputs in order and gives a tuple of its outputs.

    Tensors are tensors, strings numpy arrays of objects, sequences lists, empty optionals None.
    Parameters and buffers bear the names of the initializers.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        graph = model.graph
        self._framework = Torch(Weights(self, constants(graph), paths(graph)))
        self._walker = Walker(self._framework, REGISTRY)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def weights(self) -> Weights:
        return self._framework.weights

    @override
    def forward(self, *inputs: Any) -> tuple[Any, ...]:
        return tuple(map(self._plain, self._walker.run(self._model.graph, inputs)))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        return self._framework.tensor(value) if isinstance(value, Known) else value


def load(path: Path) -> OnnxModule:
    """The module of a file, in evaluation mode.

    Raises:
        InvalidModel, UnsupportedOperator: as `workers.onnx_graph.reading.read`.
    """
    model = read(path, knows)
    module = OnnxModule(replace(model, graph=with_layers(model.graph)))
    module.eval()
    return module


def knows(domain: str, name: str, version: int) -> bool:
    """Whether there is a file for an operator."""
    return REGISTRY.find(domain, name, version) is not None


def constants(graph: Graph) -> Iterator[Constant]:
    """The initializers of a graph and of the graphs within it."""
    yield from graph.constants.values()
    for node in graph.nodes:
        for value in node.attributes.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Graph):
                    yield from constants(each)
