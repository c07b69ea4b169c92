"""Order: the nodes of an ONNX file, put so that each comes after those that it reads.

The specification wants them so, some writers do not care, and most readers refuse. Nothing is
lost by sorting, so it is done. What cannot be sorted is no model.
"""

from collections.abc import Set as AbstractSet
from typing import Any

from shared.domain.errors import InvalidModel
from workers.onnx_graph.ordering import ordered
from workers.onnxruntime_bridge.graphs import reads, subgraphs


def put_in_order(model: Any) -> bool:
    """Sort the nodes of every graph and function; whether any had to be moved.

    Raises:
        InvalidModel: nodes read each other's results in a circle, or a name that nothing makes,
            or two make one.
    """
    moved = _in_graph(model.graph, frozenset())
    for function in model.functions:
        visible = frozenset(function.input)
        moved |= _in_nodes(function, visible, function.name)
        _insist_on(set(function.output), visible | _made(function), function.name)
    return moved


def _in_graph(graph: Any, outer: AbstractSet[str]) -> bool:
    own = {each.name for each in (*graph.input, *graph.initializer)}
    own |= {each.values.name for each in graph.sparse_initializer}
    visible = frozenset(outer | own)
    moved = _in_nodes(graph, visible, graph.name)
    _insist_on({each.name for each in graph.output}, visible | _made(graph), graph.name)
    return moved


def _in_nodes(holder: Any, visible: AbstractSet[str], name: str) -> bool:
    """Of a graph or a function."""
    there = visible | _made(holder)
    for node in holder.node:
        if unknown := sorted({each for each in node.input if each} - there):
            label = node.name or next((each for each in node.output if each), node.op_type)
            raise InvalidModel(
                f"The node {label!r} ({node.op_type}) reads {unknown[0]!r}, which is no input, no"
                " weight and no other node's result.",
                node=label,
                operator=node.op_type,
            )
    within = [_in_graph(inner, there) for node in holder.node for inner in subgraphs(node)]
    order = ordered(holder.node, [reads(node) for node in holder.node], name)
    if order == list(range(len(order))):
        return any(within)
    copies = [type(holder.node[0]).FromString(holder.node[at].SerializeToString()) for at in order]
    del holder.node[:]
    holder.node.extend(copies)
    return True


def _insist_on(outputs: AbstractSet[str], there: AbstractSet[str], name: str) -> None:
    if missing := sorted(outputs - there - {""}):
        raise InvalidModel(
            f"The output {missing[0]!r} of {name!r} is made by no node.", node=missing[0]
        )


def _made(holder: Any) -> frozenset[str]:
    return frozenset(name for node in holder.node for name in node.output if name)
