"""Dimensions: names for the lengths that may vary."""

from collections.abc import Sequence
from typing import Any, Final

from shared.domain.signatures import Dim, Signature, Tensor

BATCH: Final = "batch"

INFERRED: Final = 1024
"""Initializers of more elements are weights: shape inference never looks inside them."""


def named(name: str, shape: Sequence[int | None] | None) -> tuple[Dim, ...] | None:
    """An input's shape: "batch" for an open first axis, `<input>_<axis>` for the others."""
    if shape is None:
        return None
    return tuple(
        length if length is not None else BATCH if axis == 0 else f"{name}_{axis}"
        for axis, length in enumerate(shape)
    )


def half_named(shape: Sequence[int | None] | None) -> tuple[Dim, ...] | None:
    """An output's shape, as far as TensorFlow knows: only the batch can be told by name."""
    if shape is None:
        return None
    return tuple(
        BATCH if length is None and axis == 0 else length for axis, length in enumerate(shape)
    )


def restore(model: Any, signature: Signature) -> None:
    """Write the signature's dimensions into an ONNX model whose names and order are the same.

    tf2onnx leaves `unk__N`. The dimensions of the outputs are inferred from those of the
    inputs; one that has no other name is called `<output>_<axis>`.
    """
    graph = model.graph
    del graph.value_info[:]
    for info, tensor in zip(graph.input, signature.inputs, strict=True):
        _write(info, tensor.shape)
    for info in graph.output:
        info.type.tensor_type.ClearField("shape")
    inferred = _inferred(model)
    symbols = {dim for each in signature.inputs for dim in each.shape or () if _is_name(dim)}
    for info, tensor in zip(graph.output, signature.outputs, strict=True):
        _write(info, _settled(tensor, inferred.get(info.name), symbols))


def _settled(
    tensor: Tensor, inferred: Sequence[Dim] | None, symbols: set[Dim]
) -> tuple[Dim, ...] | None:
    known = tensor.shape
    if known is None:
        known = tuple(None for _ in inferred) if inferred is not None else None
    if known is None:
        return None
    found = inferred if inferred is not None and len(inferred) == len(known) else known
    return tuple(
        _best(one, other, f"{tensor.name}_{axis}", symbols)
        for axis, (one, other) in enumerate(zip(known, found, strict=True))
    )


def _best(known: Dim, inferred: Dim, name: str, symbols: set[Dim]) -> Dim:
    if isinstance(known, int):
        return known
    if isinstance(inferred, int) or inferred in symbols:
        return inferred
    return known or name


def _inferred(model: Any) -> dict[str, tuple[Dim, ...]]:
    """Shapes of the outputs by ONNX's own inference, on a copy that has no weights."""
    import onnx

    graph = onnx.shape_inference.infer_shapes(_light(model), data_prop=True).graph
    return {info.name: _read(info) for info in graph.output if _has_shape(info)}


def _light(model: Any) -> Any:
    """A copy without weights."""
    import onnx

    light = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    light.graph.name = model.graph.name
    for part in ("node", "input", "output"):
        getattr(light.graph, part).extend(getattr(model.graph, part))
    for each in model.graph.initializer:
        length = 1
        for dim in each.dims:
            length *= dim
        if length > INFERRED:
            light.graph.initializer.add(name=each.name, dims=each.dims, data_type=each.data_type)
        else:
            light.graph.initializer.append(each)
    return light


def _has_shape(info: Any) -> bool:
    return bool(info.type.tensor_type.HasField("shape"))


def _read(info: Any) -> tuple[Dim, ...]:
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in info.type.tensor_type.shape.dim
    )


def _write(info: Any, shape: Sequence[Dim] | None) -> None:
    info.type.tensor_type.ClearField("shape")
    if shape is None:
        return
    dims = info.type.tensor_type.shape.dim
    info.type.tensor_type.shape.SetInParent()
    for length in shape:
        match length:
            case int():
                dims.add(dim_value=length)
            case str():
                dims.add(dim_param=length)
            case None:
                dims.add()


def _is_name(dim: Dim) -> bool:
    return isinstance(dim, str)
