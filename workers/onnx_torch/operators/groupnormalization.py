"""GroupNormalization: by the mean and the variance of groups of channels of each example."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("GroupNormalization", since=18)
def groupnormalization_18(
    x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float, num_groups: int
) -> Tensor:
    """Scale and bias are of groups."""
    size = x.shape[1] // num_groups
    of_channels = (each.repeat_interleave(size) for each in (scale, bias))
    return torch.group_norm(x, num_groups, *of_channels, epsilon)


@operator("GroupNormalization", since=21)
def groupnormalization(
    x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float, num_groups: int
) -> Tensor:
    """Scale and bias are of channels."""
    return torch.group_norm(x, num_groups, scale, bias, epsilon)
