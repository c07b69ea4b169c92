"""Lowering: a float32 graph rewritten so that chosen nodes compute in a 16-bit float."""

from collections.abc import Mapping
from typing import Any, Final

from workers.onnxruntime_bridge.graphs import graphs, subgraphs
from workers.precision.slots import FLOAT, Slots
from workers.precision.targets import Half

WIDE: Final = 1
"""TensorProto.FLOAT"""


class Lowering:
    """One rewriting.

    Args:
        model: is changed in place. Its value_info is dropped, for it says the old types.
        lowered: the slots of the nodes that shall compute in `half`, by name.
        keep_io: leave inputs and outputs of the graph in float32.
    """

    def __init__(
        self,
        model: Any,
        types: Mapping[str, str],
        lowered: Mapping[str, Slots],
        half: Half,
        *,
        keep_io: bool,
    ) -> None:
        self._graph = model.graph
        self._types = types
        self._lowered = lowered
        self._half = half
        self._ends = WIDE if keep_io else half.kind
        self._weights = {each.name: each for each in self._graph.initializer}
        self._outputs = {each.name for each in self._graph.output}
        self._held: dict[str, dict[int, str]] = {}
        self._nodes: list[Any] = []

    def __call__(self) -> None:
        nodes = [_copy(each) for each in self._graph.node]
        del self._graph.value_info[:]
        for value in self._graph.input:
            if self._types.get(value.name) == FLOAT:
                value.type.tensor_type.elem_type = self._ends
                self._held[value.name] = {self._ends: value.name}
        for node in nodes:
            self._rewrite(node)
        self._finish_outputs()
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        drop_unread_weights(self._graph)

    def _rewrite(self, node: Any) -> None:
        slots = self._lowered.get(node.name, Slots())
        for index, name in enumerate(node.input):
            if self._types.get(name) == FLOAT:
                kind = self._half.kind if index in slots.inputs else WIDE
                node.input[index] = self._as(name, kind)
        for graph in subgraphs(node):
            self._widen_captures(graph)
        if slots.outputs and node.op_type == "Cast":
            next(each for each in node.attribute if each.name == "to").i = self._half.kind
        for index, name in enumerate(node.output):
            if self._types.get(name) == FLOAT:
                kind = self._half.kind if index in slots.outputs else WIDE
                node.output[index] = self._written(name, kind)
        self._nodes.append(node)

    def _as(self, name: str, kind: int) -> str:
        """The name under which the tensor is held in that kind; a Cast where it is not yet."""
        if name in self._weights:
            return name if kind == WIDE else self._lowered_weight(name)
        held = self._held[name]
        if kind not in held:
            from onnx import helper

            held[kind] = self._name(name, kind)
            source = next(iter(held.values()))
            cast = helper.make_node("Cast", [source], [held[kind]], name=held[kind], to=kind)
            self._nodes.append(cast)
        return held[kind]

    def _written(self, name: str, kind: int) -> str:
        """Where a node writes it: an output of the graph keeps its name for its own kind."""
        fits = name not in self._outputs or kind == self._ends
        self._held[name] = {kind: name if fits else self._name(name, kind)}
        return self._held[name][kind]

    def _name(self, name: str, kind: int) -> str:
        if name in self._outputs and kind == self._ends:
            return name
        return f"{name}/fp32" if kind == WIDE else f"{name}{self._half.suffix}"

    def _lowered_weight(self, name: str) -> str:
        from onnx import numpy_helper

        low = f"{name}{self._half.suffix}"
        if low not in self._weights:
            array = self._half.array(numpy_helper.to_array(self._weights[name]))
            self._graph.initializer.append(numpy_helper.from_array(array, low))
            self._weights[low] = self._graph.initializer[-1]
        return low

    def _widen_captures(self, graph: Any) -> None:
        """What the graph inside of a node reads from outside stays float32 for it."""
        inner = {name for each in graphs(graph) for node in each.node for name in node.output}
        inner |= {value.name for each in graphs(graph) for value in each.input}
        for each in graphs(graph):
            for node in each.node:
                for index, name in enumerate(node.input):
                    if name not in inner and self._types.get(name) == FLOAT:
                        node.input[index] = self._as(name, WIDE)
            for value in each.output:
                if value.name not in inner and self._types.get(value.name) == FLOAT:
                    value.name = self._as(value.name, WIDE)

    def _finish_outputs(self) -> None:
        for value in self._graph.output:
            if self._types.get(value.name) == FLOAT and value.name not in self._weights:
                value.type.tensor_type.elem_type = self._ends
                self._as(value.name, self._ends)


def drop_unread_weights(graph: Any) -> None:
    """Remove the weights that no node and no output reads any more."""
    read = {
        name
        for each in graphs(graph)
        for name in (
            *(name for node in each.node for name in node.input),
            *(value.name for value in each.output),
        )
    }
    for index in reversed(range(len(graph.initializer))):
        if graph.initializer[index].name not in read:
            del graph.initializer[index]


def _copy(node: Any) -> Any:
    import onnx

    fresh = onnx.NodeProto()
    fresh.CopyFrom(node)
    return fresh
