"""ReduceLogSumExp: the logarithm of the sum of exponentials."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import as_float
from workers.onnx_torch.reductions import reduced


@operator("ReduceLogSumExp", since=1)
def reducelogsumexp_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reducelogsumexp(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceLogSumExp", since=18)
def reducelogsumexp(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    found = reduced(_folded, as_float(x), axes, keepdims, noop_with_empty_axes)
    return found.to(x.dtype)


def _folded(x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    return torch.logsumexp(x, axes, keepdim=bool(keepdims))
