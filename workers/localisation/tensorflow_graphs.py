"""TensorFlow graphs as sequences of nodes: what SavedModels and frozen graphs have in common."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from workers.localisation.graphs import Graph, Node

WEIGHTS: Final = {"Const", "Placeholder", "PlaceholderWithDefault", "PlaceholderV2", "NoOp"}
"""Operators that compute nothing."""

OPENS: Final = {"Enter", "RefEnter", "Switch", "RefSwitch"}
"""Operators of TensorFlow 1 whose results are of one round of a loop, or of one branch."""

CLOSES: Final = {"Exit", "RefExit", "Merge", "RefMerge"}


class TensorflowGraph:
    """A GraphDef whose weights are constants."""

    def __init__(self, proto: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        import tensorflow as tf

        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._graph = tf.Graph()
        with self._graph.as_default():
            tf.graph_util.import_graph_def(proto, name="")

    @cached_property
    def graph(self) -> Graph:
        calls = [each for each in self._graph.get_operations() if each.type not in WEIGHTS]
        return Graph(
            nodes=tuple(map(_node, calls)),
            inputs=frozenset(self._inputs),
            outputs=frozenset(self._outputs),
        )

    @cached_property
    def _passing(self) -> frozenset[str]:
        """The tensors that nothing outside of a loop or a branch of TensorFlow 1 can read."""
        found: set[str] = set()
        for each in self._graph.get_operations():
            inside = each.type in OPENS or not found.isdisjoint(i.name for i in each.inputs)
            if inside and each.type not in CLOSES:
                found.update(given.name for given in each.outputs)
        return frozenset(found)

    def tensor(self, name: str) -> Any:
        return self._graph.get_tensor_by_name(name)

    def comparable(self, name: str) -> bool:
        dtype = self.tensor(name).dtype
        is_number = bool(dtype.is_floating or dtype.is_integer or dtype.is_bool)
        return is_number and name not in self._passing

    def shown(self, names: Sequence[str]) -> list[str]:
        return list(names)


def _node(operation: Any) -> Node:
    return Node(
        name=operation.name,
        operator=operation.type,
        reads=frozenset(each.name for each in operation.inputs),
        makes=tuple(each.name for each in operation.outputs),
    )
