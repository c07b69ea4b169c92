"""Host folding: what is known of shapes is computed here, in numpy, and never on a tensor.

Exported graphs compute shapes with the same operators as everything else: Shape, Gather, Concat,
Reshape. Done on the host, with symbols for the lengths that may vary, what is left of them is
`x.reshape(batch, 12, 64)`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.values import Constant, Known, Symbols, symbols

MOST: Final = 4096
"""Elements: what has more is data, not a shape."""

Folded = NDArray[Any] | None


class Arithmetic(Protocol):
    """What a framework can say of its symbols."""

    def maximum(self, one: Any, other: Any) -> Any: ...
    def minimum(self, one: Any, other: Any) -> Any: ...
    def equal(self, one: Any, other: Any) -> bool | None:
        """None where it depends on the input."""
        ...


def fold(node: Node, values: Sequence[Any], arithmetic: Arithmetic) -> Known | None:
    """The node's only output, if all its inputs are known and it is one of those below."""
    compute = FOLDS.get(node.operator) if not node.domain else None
    if compute is None or not all(value is None or isinstance(value, Known) for value in values):
        return None
    arrays = [None if value is None else value.array for value in values]
    if sum(each.size for each in arrays if each is not None) > MOST:
        return None
    symbolic = [value for value in values if isinstance(value, Symbols)]
    if not symbolic and not all(_plain(each) for each in arrays if each is not None):
        return None
    found = compute(node, arrays, arithmetic)
    if found is None or found.size > MOST:
        return None
    if found.dtype != object:
        return Constant(found)
    return symbols(found.reshape(-1), found.shape, symbolic[0].dtype)


def _plain(array: NDArray[Any]) -> bool:
    """Numbers that numpy computes with as ONNX does: neither strings nor ml_dtypes'."""
    return array.dtype.kind in "biuf" and array.dtype.itemsize > 0 and array.dtype.isbuiltin == 1


def _symbolic(array: Any) -> bool:
    """Whether it holds symbols; an attribute's list never does."""
    return getattr(array, "dtype", None) is not None and array.dtype.kind == "O"


def _axes(node: Node, arrays: Sequence[Any]) -> tuple[int, ...] | None:
    """From the attribute, or the second input."""
    told = node.attributes.get("axes")
    if told is None and len(arrays) > 1 and arrays[1] is not None:
        if arrays[1].dtype == object:
            return None
        told = arrays[1].reshape(-1)
    return None if told is None else tuple(int(each) for each in told)


def _binary(compute: Callable[[Any, Any], Any]) -> Callable[..., Folded]:
    def folded(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
        if "broadcast" in node.attributes:  # before opset 7 shapes were joined in another way
            return None
        return _as_array(compute(arrays[0], arrays[1]), arrays)

    return folded


def _as_array(result: Any, arrays: Sequence[Any]) -> NDArray[Any]:
    """numpy turns results of rank 0 into bare elements."""
    import numpy as np

    if isinstance(result, np.ndarray):
        return result
    if any(each is not None and each.dtype == object for each in arrays):
        array = np.empty((), dtype=object)
        array[()] = result
        return array
    return np.asarray(result)


def _divide(one: Any, other: Any) -> Any:
    """Integers are divided towards zero; lengths, which symbols are, are not negative."""
    import numpy as np

    if _symbolic(one) or _symbolic(other):
        return one // other
    if one.dtype.kind == "f":
        return one / other
    if not other.all():
        return np.floor_divide(one, 1) * 0  # undefined in ONNX, too
    quotient = np.abs(one) // np.abs(other)
    return (np.sign(one) * np.sign(other) * quotient).astype(one.dtype)


def _cast(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    from onnx import TensorProto, helper

    to = int(node.attributes["to"])
    array: NDArray[Any] = arrays[0]
    if array.dtype == object:
        return array if to in {TensorProto.INT64, TensorProto.INT32} else None
    if to == TensorProto.STRING:
        return None
    dtype = helper.tensor_dtype_to_np_dtype(to)
    return array.astype(dtype) if dtype.isbuiltin == 1 and array.dtype.kind in "biu" else None


def _gather(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    data, indices = arrays
    if indices.dtype == object or not data.ndim:
        return None
    import numpy as np

    axis = int(node.attributes.get("axis", 0))
    length = data.shape[axis]
    if indices.size and not -length <= indices.min() <= indices.max() < length:
        return None  # the operator itself will say so
    return _as_array(np.take(data, indices, axis=axis), arrays)


def _slice(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    data, *rest = arrays
    if "starts" in node.attributes:
        rest = [node.attributes.get(name) for name in ("starts", "ends", "axes")]
    if any(map(_symbolic, rest)):
        return None
    starts, ends, axes, steps = (*rest, None, None, None, None)[:4]
    starts = list(starts) if starts is not None else []
    axes = list(range(len(starts))) if axes is None else [int(each) for each in axes]
    steps = [1] * len(starts) if steps is None else [int(each) for each in steps]
    cut = [slice(None)] * data.ndim
    for start, end, axis, step in zip(
        starts, ends or [] if ends is None else ends, axes, steps, strict=True
    ):
        cut[axis] = _cut(int(start), int(end), step, data.shape[axis])
    return _as_array(data[tuple(cut)], arrays)


def _cut(start: int, end: int, step: int, length: int) -> slice:
    """Backwards, an end before the first element is none; as a slice it would be the last."""
    if step < 0 and end < -length:
        return slice(start, None, step)
    return slice(start, end, step)


def _concat(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    import numpy as np

    found: NDArray[Any] = np.concatenate(arrays, axis=int(node.attributes.get("axis", 1)))
    return found


def _squeeze(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    import numpy as np

    return _as_array(np.squeeze(arrays[0], axis=_axes(node, arrays)), arrays)


def _unsqueeze(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    import numpy as np

    axes = _axes(node, arrays)
    if axes is None:
        return None
    rank = arrays[0].ndim + len(axes)
    places = {axis % rank for axis in axes}
    old = iter(arrays[0].shape)
    shape = [1 if axis in places else next(old) for axis in range(rank)]
    return np.reshape(arrays[0], shape)


def _reshape(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    data = arrays[0]
    told = arrays[1] if len(arrays) > 1 else node.attributes.get("shape")
    if told is None or _symbolic(told) or node.attributes.get("allowzero"):
        return None
    shape = [data.shape[axis] if not each else int(each) for axis, each in enumerate(told)]
    found: NDArray[Any] = data.reshape(shape)
    return found


def _transpose(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    import numpy as np

    found: NDArray[Any] = np.transpose(arrays[0], node.attributes.get("perm"))
    return found


def _tile(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
    import numpy as np

    data, *rest = arrays
    if len(rest) != 1 or _symbolic(rest[0]) or data.size * int(np.prod(rest[0])) > MOST:
        return None
    return np.tile(data, [int(each) for each in rest[0]])


def _expand(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
    import numpy as np

    data, shape = arrays
    if shape.dtype == object or shape.size > MOST or int(np.prod(shape)) > MOST:
        return None
    wanted = np.broadcast_shapes(data.shape, tuple(int(each) for each in shape))
    return np.broadcast_to(data, wanted).copy()


def _filled(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    import numpy as np

    shape = arrays[0]
    if shape.dtype == object or int(np.prod(shape)) > MOST:
        return None
    value = node.attributes.get("value")
    value = np.zeros(1, "float32") if value is None else np.asarray(value)
    if not _plain(value):
        return None
    return np.full([int(each) for each in shape], value.reshape(-1)[0], dtype=value.dtype)


def _range(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
    import numpy as np

    if any(each.dtype == object for each in arrays):
        return None
    start, limit, delta = (each.reshape(-1)[0] for each in arrays)
    if not delta or abs((limit - start) / delta) > MOST:
        return None
    return np.arange(start, limit, delta, dtype=arrays[0].dtype)


def _where(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
    import numpy as np

    if arrays[0].dtype == object:
        return None
    return _as_array(np.where(*arrays), arrays[1:])


def _equal(_: Node, arrays: Sequence[Any], arithmetic: Arithmetic) -> Folded:
    import numpy as np

    one, other = np.broadcast_arrays(*arrays)
    told = [arithmetic.equal(*pair) for pair in zip(one.flat, other.flat, strict=True)]
    if any(each is None for each in told):
        return None
    return np.array(told, dtype=bool).reshape(one.shape)


def _compare(compute: Callable[[Any, Any], Any]) -> Callable[..., Folded]:
    def folded(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
        if any(each.dtype == object for each in arrays):
            return None
        return _as_array(compute(*arrays), arrays)

    return folded


def _extreme(name: str) -> Callable[..., Folded]:
    def folded(_: Node, arrays: Sequence[Any], arithmetic: Arithmetic) -> Folded:
        import numpy as np

        symbolic = any(each.dtype == object for each in arrays)
        plain = getattr(np, name)
        one = np.frompyfunc(getattr(arithmetic, name), 2, 1) if symbolic else plain
        found = arrays[0]
        for each in arrays[1:]:
            found = one(found, each)
        return _as_array(found, arrays)

    return folded


def _product(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    return _reduced(node, arrays, "prod")


def _sum(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    return _reduced(node, arrays, "sum")


def _reduced(node: Node, arrays: Sequence[Any], name: str) -> Folded:
    import numpy as np

    data, axes = arrays[0], _axes(node, arrays)
    if data.dtype.kind not in "iuO" or (axes == () or (axes is None and len(arrays) > 1)):
        return None
    keep = bool(node.attributes.get("keepdims", 1))
    found = getattr(np, name)(data, axis=axes, keepdims=keep)
    array = _as_array(found, arrays)
    return array if data.dtype == object else array.astype(data.dtype)


def _unary(name: str) -> Callable[..., Folded]:
    def folded(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
        import numpy as np

        if arrays[0].dtype == object:
            return None
        return _as_array(getattr(np, name)(arrays[0]), arrays)

    return folded


def _same(_: Node, arrays: Sequence[Any], __: Arithmetic) -> Folded:
    return arrays[0] if len(arrays) == 1 else None


def _modulo(node: Node, arrays: Sequence[Any], _: Arithmetic) -> Folded:
    if node.attributes.get("fmod") or arrays[0].dtype.kind == "f" or not arrays[1].all():
        return None
    return _as_array(arrays[0] % arrays[1], arrays)


FOLDS: Final[Mapping[str, Callable[..., Folded]]] = {
    "Abs": _unary("abs"),
    "Add": _binary(lambda one, other: one + other),
    "And": _compare(lambda one, other: one & other),
    "Cast": _cast,
    "Ceil": _unary("ceil"),
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Div": _binary(_divide),
    "Equal": _equal,
    "Expand": _expand,
    "Floor": _unary("floor"),
    "Gather": _gather,
    "Greater": _compare(lambda one, other: one > other),
    "GreaterOrEqual": _compare(lambda one, other: one >= other),
    "Identity": _same,
    "Less": _compare(lambda one, other: one < other),
    "LessOrEqual": _compare(lambda one, other: one <= other),
    "Max": _extreme("maximum"),
    "Min": _extreme("minimum"),
    "Mod": _modulo,
    "Mul": _binary(lambda one, other: one * other),
    "Neg": _unary("negative"),
    "Not": _unary("logical_not"),
    "Or": _compare(lambda one, other: one | other),
    "Range": _range,
    "ReduceProd": _product,
    "ReduceSum": _sum,
    "Reshape": _reshape,
    "Slice": _slice,
    "Sqrt": _unary("sqrt"),
    "Squeeze": _squeeze,
    "Sub": _binary(lambda one, other: one - other),
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""By operator. Each gets numpy arrays, those of symbols with the dtype object, and gives one;
None where it does not know."""
