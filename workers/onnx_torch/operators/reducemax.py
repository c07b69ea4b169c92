"""ReduceMax: the greatest of the elements."""

from functools import partial

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import extreme, reduced


@operator("ReduceMax", since=1)
def reducemax_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducemax(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceMax", since=18)
def reducemax(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    return reduced(partial(extreme, "amax"), x, axes, keepdims, noop_with_empty_axes)
