"""Attributes of a node as Python values, with the defaults of ONNX's schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.domain.errors import InvalidModel
from workers.onnx_graph.tensors import array_of, dense

Subgraph = Callable[[Any], Any]
"""Reads a GraphProto."""


def attributes_of(node: Any, schema: Any, folder: Path, subgraph: Subgraph) -> dict[str, Any]:
    """By name. Schema attributes without a value and without a default are left out."""
    found: dict[str, Any] = {}
    for name, each in (schema.attributes if schema else {}).items():
        if each.default_value is not None and each.default_value.type:
            found[name] = value_of(each.default_value, folder, subgraph)
    for each in node.attribute:
        found[each.name] = value_of(each, folder, subgraph)
    return found


def value_of(attribute: Any, folder: Path, subgraph: Subgraph) -> Any:
    """A number, a string, a list of them, a numpy array, a TypeProto or a Graph."""
    from onnx import AttributeProto as Kind

    read: Callable[[], Any] | None = {
        Kind.FLOAT: lambda: _number(attribute.f),
        Kind.INT: lambda: attribute.i,
        Kind.STRING: lambda: _text(attribute.s),
        Kind.TENSOR: lambda: array_of(attribute.t, folder),
        Kind.SPARSE_TENSOR: lambda: dense(attribute.sparse_tensor, folder),
        Kind.GRAPH: lambda: subgraph(attribute.g),
        Kind.TYPE_PROTO: lambda: attribute.tp,
        Kind.FLOATS: lambda: [_number(each) for each in attribute.floats],
        Kind.INTS: lambda: list(attribute.ints),
        Kind.STRINGS: lambda: [_text(each) for each in attribute.strings],
        Kind.TENSORS: lambda: [array_of(each, folder) for each in attribute.tensors],
        Kind.GRAPHS: lambda: [subgraph(each) for each in attribute.graphs],
        Kind.TYPE_PROTOS: lambda: list(attribute.type_protos),
    }.get(attribute.type)
    if read is None:
        raise InvalidModel(
            f"The attribute {attribute.name!r} has a type that ONNX does not have.",
            node=attribute.name,
        )
    return read()


def _number(value: float) -> float:
    """The shortest number that is stored as this float32: 0.01, not 0.009999999776482582."""
    import numpy as np

    return float(str(np.float32(value)))


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
