"""ReduceSum: the sum of the elements."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import reduced, total


@operator("ReduceSum", since=1)
def reducesum_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducesum(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceSum", since=13)
def reducesum(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    return reduced(total, x, axes, keepdims, noop_with_empty_axes)
