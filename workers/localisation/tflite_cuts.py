"""TensorFlow Lite models, ended early."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from workers.localisation.graphs import Graph, Node
from workers.runtimes.tflite import chosen
from workers.tflite_bridge import files, rewriting

DTYPES: Final = frozenset({"float", "int", "uint", "bool", "bfloat"})


class TfliteCuts:
    """One signature. Its operators have no names: each is called as what it makes. Tensors are
    told by number, since their names may come twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lite = files.read(path)
        self._entry = self._lite.entry(chosen(path))
        self._subgraph = self._lite.subgraphs[self._entry.subgraph]

    @cached_property
    def graph(self) -> Graph:
        return Graph(
            nodes=tuple(map(self._node, self._subgraph.nodes)),
            inputs=frozenset(map(str, self._entry.inputs.values())),
            outputs=frozenset(map(str, self._entry.outputs.values())),
        )

    def _node(self, node: files.Node) -> Node:
        made = next((self._subgraph.values[each].name for each in node.outputs), "")
        return Node(
            name=made or node.operator,
            operator=node.operator,
            reads=frozenset(str(each) for each in node.inputs if each >= 0),
            makes=tuple(map(str, node.outputs)),
        )

    def comparable(self, name: str) -> bool:
        return self._subgraph.values[int(name)].dtype.rstrip("0123456789") in DTYPES

    def shown(self, names: Sequence[str]) -> list[str]:
        return list(names)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:
        from ai_edge_litert import schema_py_generated as schema

        model = rewriting.unpacked(self._path)
        graph = model.subgraphs[self._entry.subgraph]
        graph.operators = graph.operators[:position]
        graph.outputs = [int(name) for name in names]
        model.signatureDefs = [
            each
            for each in model.signatureDefs or ()
            if each.signatureKey.decode() == self._entry.key
        ]
        for told in model.signatureDefs:
            told.outputs = [schema.TensorMapT() for _ in names]
            for at, (tensor, name) in enumerate(zip(told.outputs, names, strict=True)):
                tensor.name, tensor.tensorIndex = f"cut_{at}".encode(), int(name)
        path = folder / "cut.tflite"
        rewriting.write(model, path)
        return path
