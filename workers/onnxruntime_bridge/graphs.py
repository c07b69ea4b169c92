"""Walking ONNX graphs, those inside of nodes included."""

from collections.abc import Iterator
from typing import Any, Final

LARGEST_MESSAGE: Final = (1 << 31) - 1
"""Bytes of a protobuf message at most."""

REST: Final = 1 << 20
"""Bytes for what a model has besides nodes and weights."""


def fits(model: Any) -> bool:
    """Whether a model can be one message. One that cannot does not say its own size either."""
    others = (*model.graph.node, *model.graph.value_info)
    size: int = sum(each.ByteSize() for each in others)
    return size + sum(map(_bytes, model.graph.initializer)) + REST < LARGEST_MESSAGE


def _bytes(tensor: Any) -> int:
    """Of a weight, which alone may be too large to say it."""
    from math import prod

    from onnx import helper

    if tensor.HasField("raw_data"):
        return int(prod(tensor.dims) * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    size: int = tensor.ByteSize()
    return size


def graphs(graph: Any) -> Iterator[Any]:
    """The graph and all within it."""
    yield graph
    for node in graph.node:
        for inner in subgraphs(node):
            yield from graphs(inner)


def subgraphs(node: Any) -> Iterator[Any]:
    """The graphs in a node's attributes: branches and bodies."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def captured(graph: Any) -> frozenset[str]:
    """The names that a graph within a node reads and does not make itself."""
    own = {each.name for each in (*graph.input, *graph.initializer)}
    own |= {each.values.name for each in graph.sparse_initializer}
    own |= {name for node in graph.node for name in node.output}
    read = {each.name for each in graph.output}
    for node in graph.node:
        read |= reads(node)
    return frozenset(read - own - {""})


def reads(node: Any) -> frozenset[str]:
    """The names that a node reads, those of the graphs within it included."""
    own = frozenset(name for name in node.input if name)
    return own.union(*map(captured, subgraphs(node)))
