"""Lengths: dimensions that could vary, fixed."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.errors import InvalidOptions
from workers.onnx_bridge.naming import nearest
from workers.onnx_bridge.values import typed_values
from workers.verification.dims import length_at, symbols


def fix_dims(model: Any, dims: Mapping[str, int]) -> None:
    """Give every dimension of these names its length; those derived from them theirs.

    Raises:
        InvalidOptions: no input has a dimension of that name.
    """
    names = {
        symbol
        for value in _fed(model)
        for dim in value.type.tensor_type.shape.dim
        if dim.dim_param
        for symbol in symbols(dim.dim_param)
    }
    for name in dims:
        if name not in names:
            raise InvalidOptions(
                f"No input has a dimension {name!r}.{nearest(name, names)}"
                f" Dimensions without a name are fixed by input_shapes.",
                field="options.dims",
            )
    _write(model, dims)


def fix_shapes(model: Any, shapes: Mapping[str, Sequence[int | None]]) -> None:
    """Give inputs these shapes; an axis of None is left as it is.

    What shares its dimension's name with one that is fixed is fixed along.

    Raises:
        InvalidOptions: there is no such input, or a shape contradicts the model or another.
    """
    inputs = {value.name: value for value in _fed(model)}
    named: dict[str, int] = {}
    for name, shape in shapes.items():
        if name not in inputs:
            raise InvalidOptions(
                f"There is no input {name!r}.{nearest(name, inputs)}", field="options.input_shapes"
            )
        _fix(inputs[name], shape, named)
    _write(model, named)


def _fix(value: Any, shape: Sequence[int | None], named: dict[str, int]) -> None:
    field = f"options.input_shapes.{value.name}"
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        tensor.shape.SetInParent()
        for _ in shape:
            tensor.shape.dim.add()
    if len(tensor.shape.dim) != len(shape):
        raise InvalidOptions(
            f"Input {value.name!r} has {len(tensor.shape.dim)} dimensions; {list(shape)} has"
            f" {len(shape)}.",
            field=field,
        )
    for axis, (dim, length) in enumerate(zip(tensor.shape.dim, shape, strict=True)):
        if length is None:
            continue
        told = named.setdefault(dim.dim_param, length) if dim.dim_param else length
        if dim.HasField("dim_value"):
            told = dim.dim_value
        if told != length:
            raise InvalidOptions(
                f"Axis {axis} of input {value.name!r} is {told} already, and was asked to be"
                f" {length}.",
                field=field,
            )
        dim.dim_value = length


def _write(model: Any, dims: Mapping[str, int]) -> None:
    """Replace the names everywhere, and infer anew what was known of everything behind."""
    graph = model.graph
    for value in (*graph.input, *graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param and symbols(dim.dim_param) <= dims.keys():
                dim.dim_value = length_at(dim.dim_param, dims)
    del graph.value_info[:]
    _clear_outputs(graph, typed_values(model))


def _clear_outputs(graph: Any, known: Mapping[str, Any]) -> None:
    """What inference finds of the outputs' lengths, in place of names that stand for nothing."""
    for value in graph.output:
        found = known[value.name].type.tensor_type if value.name in known else None
        if found is None or len(found.shape.dim) != len(value.type.tensor_type.shape.dim):
            continue
        for dim, other in zip(value.type.tensor_type.shape.dim, found.shape.dim, strict=True):
            if not dim.HasField("dim_value") and other.HasField("dim_value"):
                dim.dim_value = other.dim_value


def _fed(model: Any) -> list[Any]:
    """Inputs that must be fed: old files list their weights among them."""
    weights = {each.name for each in model.graph.initializer}
    return [each for each in model.graph.input if each.name not in weights]
