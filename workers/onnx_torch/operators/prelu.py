"""PRelu: x where it is positive, else slope * x."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import WIDE


@operator("PRelu", since=1)
def prelu_1(x: Tensor, slope: Tensor) -> Tensor:
    """One slope for all, or one for each channel."""
    return functional.prelu(x, slope.reshape(-1))


@operator("PRelu", since=7)
def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """Slopes of channels are torch's own; others are broadcast to x."""
    if x.dtype in WIDE:
        return x
    if x.dtype.is_floating_point and _by_channel(x, slope):
        return functional.prelu(x, slope.reshape(-1))
    return torch.where(x < 0, slope * x, x)


def _by_channel(x: Tensor, slope: Tensor) -> bool:
    """Whether slope is (C, 1, 1), or (1, C, 1, 1), of a batch of C channels."""
    if x.ndim < 3:  # noqa: PLR2004 - a batch, channels, and at least one axis in space
        return False
    shape = [1] * (x.ndim - slope.ndim) + list(slope.shape)
    return [*shape[:1], *shape[2:]] == [1] * (x.ndim - 1) and shape[1] == x.shape[1]
