"""Cutting: a graph that ends at other tensors than it did."""

from collections.abc import Sequence
from typing import Any

from shared.domain.errors import InvalidOptions
from workers.onnx_bridge.naming import FIELD, tensors_named
from workers.onnx_bridge.values import typed_values
from workers.onnxruntime_bridge.graphs import reads


def ends_at(model: Any, names: Sequence[str]) -> bool:
    """Let the graph have these outputs in place of its own; nothing else is changed.

    Returns:
        Whether that changed anything.

    Raises:
        InvalidOptions: no node makes such a tensor, or its type cannot be told.
    """
    wanted = tensors_named(model, names)
    if [each.name for each in model.graph.output] == wanted:
        return False
    known = typed_values(model)
    for name in wanted:
        kind = known[name].type.WhichOneof("value") if name in known else None
        if kind != "tensor_type":
            what = f"is a {kind}" if kind else "has a type that cannot be told"
            raise InvalidOptions(f"{name!r} {what}; a model can end at tensors only.", field=FIELD)
    del model.graph.output[:]
    model.graph.output.extend(known[name] for name in wanted)
    return True


def prune(model: Any) -> int:
    """Drop the nodes, weights and inputs that no output needs; how many nodes were dropped."""
    graph = model.graph
    needed = {each.name for each in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        kept.append(node)
        needed |= reads(node)
    dropped = len(graph.node) - len(kept)
    _keep(graph.node, list(reversed(kept)))
    for field in (graph.input, graph.initializer):
        _keep(field, [each for each in field if each.name in needed])
    _keep(
        graph.sparse_initializer, [e for e in graph.sparse_initializer if e.values.name in needed]
    )
    made = {name for node in graph.node for name in node.output}
    _keep(graph.value_info, [each for each in graph.value_info if each.name in made])
    return dropped


def _keep(field: Any, kept: list[Any]) -> None:
    copies = [type(each).FromString(each.SerializeToString()) for each in kept]
    del field[:]
    field.extend(copies)
