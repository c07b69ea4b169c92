"""ReduceL1: the sum of what the elements are without their signs."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import reduced, total
from workers.onnx_torch.unsigned import WIDE


@operator("ReduceL1", since=1)
def reducel1_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducel1(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceL1", since=18)
def reducel1(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    size = x if x.dtype in WIDE else x.abs()
    return reduced(total, size, axes, keepdims, noop_with_empty_axes)
