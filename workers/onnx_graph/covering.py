"""Covering: which nodes of a model an importer can translate, asked without running anything."""

from collections.abc import Iterator

from shared.domain.coverage import Coverage, Gap
from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.registry import Registry

ALWAYS = frozenset({"Shape", "Size"})
"""What the walker does itself."""


def coverage(graph: Graph, registry: Registry, target: str, by: str) -> Coverage:
    """What of a graph the registry covers; subgraphs included."""
    nodes = list(_all(graph))
    gaps = [gap for node in nodes if (gap := gap_of(node, registry))]
    return Coverage(
        target=target,
        supported=not gaps,
        by=by,
        nodes=len(nodes),
        covered=len(nodes) - len(gaps),
        gaps=tuple(gaps),
    )


def gap_of(node: Node, registry: Registry) -> Gap | None:
    """Why a node cannot be translated; None if it can."""
    if not node.domain and node.operator in ALWAYS:
        return None
    found = registry.find(node.domain, node.operator, node.version)
    if found is None:
        why = "it has no translation"
    elif (refused := found.refuses(node)) is None:
        return None
    else:
        why = refused
    return Gap(
        node=node.name,
        operator=node.title,
        version=node.version,
        reason=why,
        hint="Replace it by operators that are covered, or choose another target.",
    )


def _all(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        yield node
        for value in node.attributes.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Graph):
                    yield from _all(each)
