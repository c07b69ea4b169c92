"""ReduceMean: the mean of the elements."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import reduced


@operator("ReduceMean", since=1)
def reducemean_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducemean(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceMean", since=18)
def reducemean(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    return reduced(_mean, x, axes, keepdims, noop_with_empty_axes)


def _mean(x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    """Of integers cut off towards zero."""
    if x.dtype.is_floating_point:
        return x.mean(axes, keepdim=bool(keepdims))
    whole = x.to(torch.int64)
    count = torch.ones_like(whole).sum(axes, keepdim=bool(keepdims))
    added = whole.sum(axes, keepdim=bool(keepdims))
    return torch.div(added, count, rounding_mode="trunc").to(x.dtype)
