"""ReduceSumSquare: the sum of squares."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import reduced, total
from workers.onnx_torch.unsigned import wrapped


@operator("ReduceSumSquare", since=1)
def reducesumsquare_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducesumsquare(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceSumSquare", since=18)
def reducesumsquare(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    squares = wrapped(torch.mul, x, x)
    return reduced(total, squares, axes, keepdims, noop_with_empty_axes)
