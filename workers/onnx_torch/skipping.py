"""Skipping: norms of a sum of what was computed and what went past it."""

import torch
from torch import Tensor

from workers.onnx_torch.halves import widened

LEAST = 1e-12
"""ONNX Runtime's epsilon for these, where a node has none."""


def summed(x: Tensor, skip: Tensor, bias: Tensor | None) -> Tensor:
    """What goes into the norm, and out of the operator beside it."""
    return x + skip if bias is None else x + skip + bias


def inverse_deviation(x: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """The mean along the last axis, and one by the deviation; in float32 at least."""
    wide = widened(x)
    variance = wide.var(-1, correction=0, keepdim=True)
    return wide.mean(-1, keepdim=True), torch.rsqrt(variance + epsilon)


def by_root_mean_square(x: Tensor, scale: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Scaled by the root of the mean square along the last axis, and one by that root."""
    wide = widened(x)
    inverse = torch.rsqrt((wide * wide).mean(-1, keepdim=True) + epsilon)
    return (wide * inverse).to(x.dtype) * scale, inverse
