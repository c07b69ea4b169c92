"""Lifetimes: after which node of a graph a value is needed no more."""

from collections.abc import Iterator
from dataclasses import replace

from workers.onnx_graph.nodes import Graph, Node


def with_lifetimes(graph: Graph) -> Graph:
    """The graph whose nodes say what is read for the last time by them, weights included."""
    own = {port.name for port in graph.inputs} | set(graph.constants)
    own |= {name for node in graph.nodes for name in node.outputs if name}
    seen = {port.name for port in graph.outputs}
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        fresh = (set(reads(node)) & own) - seen
        nodes.append(replace(node, last=tuple(sorted(fresh))))
        seen |= fresh
    return replace(graph, nodes=tuple(reversed(nodes)))


def reads(node: Node) -> Iterator[str]:
    """The names that a node reads, and those that the graphs within it read from around it."""
    yield from (name for name in node.inputs if name)
    for value in node.attributes.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Graph):
                yield from each.captured
