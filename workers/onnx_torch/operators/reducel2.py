"""ReduceL2: the square root of the sum of squares."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import as_float
from workers.onnx_torch.reductions import reduced, total


@operator("ReduceL2", since=1)
def reducel2_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducel2(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceL2", since=18)
def reducel2(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    wide = as_float(x)
    added = reduced(total, wide * wide, axes, keepdims, noop_with_empty_axes)
    return added.sqrt().to(x.dtype)
