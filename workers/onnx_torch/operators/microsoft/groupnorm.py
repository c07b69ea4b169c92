"""GroupNorm: GroupNormalization of images with channels last, and Swish after it."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.channels import channels_back, channels_first


@operator("GroupNorm")
def groupnorm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    *,
    activation: int,
    channels_last: int | None,
    epsilon: float | None,
    groups: int,
) -> Tensor:
    """`activation` is 1 for Swish, 0 for none."""
    last = 1 if channels_last is None else channels_last
    small = 1e-5 if epsilon is None else epsilon
    plain = channels_first(x, last)
    found = torch.group_norm(plain, groups, gamma.to(x.dtype), beta.to(x.dtype), small)
    return channels_back(functional.silu(found) if activation else found, last)
