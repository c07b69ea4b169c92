"""Renaming: the inputs and outputs of an ONNX model, which compilers call what they like."""

from collections.abc import Sequence
from typing import Any


def rename(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give the model's inputs and outputs these names, in the model's own order.

    Tensors within that have one of the names get out of the way. An output that is an input as
    it is, or another output, gets a tensor of its own.
    """
    graph = model.graph
    _part(graph)
    names = {
        info.name: name
        for infos, wanted in ((graph.input, inputs), (graph.output, outputs))
        for info, name in zip(infos, wanted, strict=True)
    }
    nodes = _nodes(graph)
    taken = {each for node in nodes for each in (*node.input, *node.output)}
    taken |= {each.name for each in graph.initializer}
    for name in {*inputs, *outputs} & (taken - names.keys()):
        names[name] = _free(f"{name}_within", taken)
    for info in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        info.name = names.get(info.name, info.name)
    for node in nodes:
        for field in (node.input, node.output):
            field[:] = [names.get(name, name) for name in field]


def reorder(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Put the model's inputs and outputs in this order of their names."""
    for infos, wanted in ((model.graph.input, inputs), (model.graph.output, outputs)):
        by_name = {info.name: type(info).FromString(info.SerializeToString()) for info in infos}
        del infos[:]
        infos.extend(by_name[name] for name in wanted)


def _part(graph: Any) -> None:
    seen = {info.name for info in graph.input}
    for number, info in enumerate(graph.output):
        if info.name in seen:
            copy = f"{info.name}_output_{number}"
            graph.node.add(op_type="Identity", input=[info.name], output=[copy], name=copy)
            info.name = copy
        seen.add(info.name)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _nodes(graph: Any) -> list[Any]:
    """Those of subgraphs too: they read the outer graph's tensors."""
    found = list(graph.node)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found.extend(_nodes(attribute.g))
    return found
