"""ONNX models, ended early."""

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from workers.localisation.graphs import Graph, Node
from workers.onnx_bridge.cutting import prune
from workers.onnx_bridge.values import typed_values
from workers.onnx_files.external import check_external, locations
from workers.onnx_files.protos import read_proto
from workers.onnxruntime_bridge.graphs import reads


class OnnxCuts:
    """A file whose nodes are in order. A node with graphs inside it stays whole."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._model = read_proto(path)
        check_external(self._model, self._folder)

    @cached_property
    def graph(self) -> Graph:
        graph = self._model.graph
        weights = {each.name for each in graph.initializer}
        return Graph(
            nodes=tuple(map(_node, graph.node)),
            inputs=frozenset(each.name for each in graph.input if each.name not in weights),
            outputs=frozenset(each.name for each in graph.output),
        )

    @cached_property
    def _types(self) -> dict[str, Any]:
        return typed_values(self._model)

    @cached_property
    def _made(self) -> frozenset[str]:
        return frozenset(name for node in self._model.graph.node for name in node.output)

    def has(self, name: str) -> bool:
        """Whether it can end at a tensor of that name, which one of its nodes makes."""
        return name in self._made and self.comparable(name)

    def comparable(self, name: str) -> bool:
        from onnx import TensorProto

        known = self._types.get(name)
        if known is None or known.type.WhichOneof("value") != "tensor_type":
            return False
        return known.type.tensor_type.elem_type not in {TensorProto.UNDEFINED, TensorProto.STRING}

    def shown(self, names: Sequence[str]) -> list[str]:
        return list(names)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - what the outputs do not need is dropped
        return self.ended(names, folder)

    def ended(self, names: Sequence[str], folder: Path) -> Path:
        """Write what these tensors need, with them as outputs."""
        model = type(self._model)()
        model.CopyFrom(self._model)
        inputs = list(self._model.graph.input)
        del model.graph.output[:]
        model.graph.output.extend(self._types[name] for name in names)
        prune(model)
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        for location in locations(model):
            copy = folder / location
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._folder / location, copy)
        path = folder / "cut.onnx"
        path.write_bytes(model.SerializeToString())
        return path


def _node(node: Any) -> Node:
    makes = tuple(name for name in node.output if name)
    return Node(
        name=node.name or next(iter(makes), node.op_type),
        operator=f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type),
        reads=reads(node),
        makes=makes,
    )
