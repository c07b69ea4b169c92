"""RMSNormalization: by the root of the mean square of all axes from one on."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH


@operator("RMSNormalization")
def rmsnormalization(
    x: Tensor, scale: Tensor, *, axis: int, epsilon: float, stash_type: int
) -> Tensor:
    """Normalized in the stash's type, scaled in that of x."""
    wide = x.to(TORCH[stash_type])
    axes = list(range(axis % x.ndim, x.ndim))
    mean = (wide * wide).mean(axes, keepdim=True)
    return (wide * torch.rsqrt(mean + epsilon)).to(x.dtype) * scale
