"""Ports: what a ValueInfoProto says of an input or an output."""

from typing import Any, Final, get_args

from shared.domain.signatures import Dim
from workers.onnx_graph.nodes import Port, PortKind

KINDS: Final[tuple[PortKind, ...]] = get_args(PortKind)


def port(value: Any) -> Port:
    """Its kind, element type and shape; None for each that it does not say."""
    inner = _inner(value.type)
    shape = None
    if inner is not None and inner.HasField("shape"):
        shape = tuple(map(_dim, inner.shape.dim))
    said = (value.type.WhichOneof("value") or "").removesuffix("_type").removeprefix("sparse_")
    kind: PortKind = next((each for each in KINDS if each == said), "unknown")
    return Port(value.name, kind, dtype_of(value.type), shape)


def dtype_of(type_: Any) -> int | None:
    """ONNX's enum of the tensor, or of the tensors within a sequence or optional."""
    inner = _inner(type_)
    return int(inner.elem_type) or None if inner is not None else None


def _inner(type_: Any) -> Any | None:
    """The tensor type at the bottom of a type; None where there is none."""
    match type_.WhichOneof("value"):
        case "tensor_type":
            return type_.tensor_type
        case "sparse_tensor_type":
            return type_.sparse_tensor_type
        case "sequence_type":
            return _inner(type_.sequence_type.elem_type)
        case "optional_type":
            return _inner(type_.optional_type.elem_type)
        case _:
            return None


def _dim(dim: Any) -> Dim:
    if dim.HasField("dim_value"):
        return int(dim.dim_value)
    return dim.dim_param or None
