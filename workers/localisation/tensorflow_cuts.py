"""SavedModels, ended early."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from shared.domain.signatures import Signature, Tensor
from workers.localisation.graphs import Graph, Node
from workers.tensorflow_bridge import saved_models
from workers.tensorflow_bridge.dimensions import half_named
from workers.tensorflow_bridge.exporting import export_frozen
from workers.tensorflow_bridge.freezing import freeze
from workers.tensorflow_bridge.tracing import shape_of, trace

WEIGHTS: Final = {"Const", "Placeholder", "PlaceholderWithDefault", "NoOp"}
"""Operators that compute nothing."""


class SavedModelCuts:
    """One signature as a frozen graph: its variables are constants, its calls their bodies."""

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        model = saved_models.load(path)
        self._frozen = freeze(trace(saved_models.callee(model, saved_models.chosen(path))))
        _part(self._frozen.graph)
        self._graph = tf.Graph()
        with self._graph.as_default():
            tf.graph_util.import_graph_def(self._frozen.graph, name="")

    @cached_property
    def graph(self) -> Graph:
        calls = [each for each in self._graph.get_operations() if each.type not in WEIGHTS]
        return Graph(
            nodes=tuple(map(_node, calls)),
            inputs=frozenset(self._frozen.inputs),
            outputs=frozenset(self._frozen.outputs),
        )

    def _tensor(self, name: str) -> Any:
        return self._graph.get_tensor_by_name(name)

    def comparable(self, name: str) -> bool:
        dtype = self._tensor(name).dtype
        return bool(dtype.is_floating or dtype.is_integer or dtype.is_bool)

    def shown(self, names: Sequence[str]) -> list[str]:
        return list(names)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - what the outputs do not need is left out
        outputs = tuple(self._told(f"cut_{at}", name) for at, name in enumerate(names))
        signature = Signature(inputs=self._frozen.signature.inputs, outputs=outputs)
        path = folder / "cut"
        export_frozen(replace(self._frozen, signature=signature, outputs=tuple(names)), path)
        return path

    def _told(self, name: str, tensor: str) -> Tensor:
        found = self._tensor(tensor)
        return Tensor(
            name=name,
            dtype=found.dtype.as_numpy_dtype.__name__,
            shape=half_named(shape_of(found)),
        )


def _part(graph: Any) -> None:
    """Let nodes wait for what they read alone: inlined calls wait for their placeholders, which
    nobody feeds where others take their place."""
    for node in graph.node:
        kept = [name for name in node.input if not name.startswith("^")]
        del node.input[:]
        node.input.extend(kept)


def _node(operation: Any) -> Node:
    return Node(
        name=operation.name,
        operator=operation.type,
        reads=frozenset(each.name for each in operation.inputs),
        makes=tuple(each.name for each in operation.outputs),
    )
