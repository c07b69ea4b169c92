"""Pieces: a part of an ONNX graph as a model of its own, to ask the parser of it alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Whole:
    """A model whose parts are asked for. `path` is where its external weights lie beside."""

    model: Any
    path: Path

    @classmethod
    def read(cls, path: Path) -> "Whole":
        """From a file; weights in other files stay there."""
        import onnx

        return cls(onnx.load(path, load_external_data=False), path)

    @property
    def nodes(self) -> Any:
        return self.model.graph.node

    @cached_property
    def types(self) -> Mapping[str, Any]:
        """What is known of the type of each value, by ONNX's own inference."""
        import onnx

        try:
            graph = onnx.shape_inference.infer_shapes(self.model).graph
        except (onnx.shape_inference.InferenceError, ValueError):
            graph = self.model.graph  # too large, or inconsistent: what the file itself says
        known = (*graph.value_info, *graph.input, *graph.output)
        return {each.name: each for each in known}

    @cached_property
    def weights(self) -> Mapping[str, Any]:
        return {each.name: each for each in self.model.graph.initializer}

    def piece(self, indices: Iterable[int]) -> bytes | None:
        """A model of those nodes; None where the type of something that they read is unknown."""
        from onnx import helper

        chosen = [self.nodes[index] for index in sorted(set(indices))]
        made = {name for node in chosen for name in node.output if name}
        read = dict.fromkeys(name for node in chosen for name in _read(node) if name not in made)
        weights = [self.weights[name] for name in read if name in self.weights]
        fed = [name for name in read if name not in self.weights]
        if any(not _typed(self.types.get(name)) for name in fed):
            return None
        graph = helper.make_graph(
            chosen,
            "piece",
            [self.types[name] for name in fed],
            [self._output(name) for name in self._leaving(chosen, made)],
            weights,
        )
        model = helper.make_model(
            graph,
            opset_imports=self.model.opset_import,
            functions=self.model.functions,
            ir_version=self.model.ir_version,
        )
        raw: bytes = model.SerializeToString()
        return raw

    def _leaving(self, chosen: list[Any], made: set[str]) -> Iterator[str]:
        """What the chosen nodes make for others: for other nodes, or for the model's user."""
        inside = {id(node) for node in chosen}
        wanted = {each.name for each in self.model.graph.output}
        for node in self.nodes:
            if id(node) not in inside:
                wanted.update(_read(node))
        used = {name for node in chosen for name in _read(node)}
        return (
            name
            for node in chosen
            for name in node.output
            if name in made and (name in wanted or name not in used)
        )

    def _output(self, name: str) -> Any:
        from onnx import ValueInfoProto

        return self.types.get(name) or ValueInfoProto(name=name)


def _typed(value: Any) -> bool:
    """Whether type and number of dimensions are known."""
    if value is None or value.type.WhichOneof("value") != "tensor_type":
        return False
    tensor = value.type.tensor_type
    return bool(tensor.elem_type) and bool(tensor.HasField("shape"))


def _read(node: Any) -> Iterator[str]:
    """The names that a node reads, those that its inner graphs take from around them included."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            own = {each.name for each in (*graph.input, *graph.initializer)}
            own |= {name for inner in graph.node for name in inner.output}
            for inner in graph.node:
                yield from (name for name in _read(inner) if name not in own)
            yield from (each.name for each in graph.output if each.name not in own)
