"""Shrink: 0 near 0, and nearer to it by `bias` elsewhere."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Shrink")
def shrink(x: Tensor, *, bias: float, lambd: float) -> Tensor:
    """In the dtype of x, cut off towards zero if that has no fractions."""
    above = torch.where(x > lambd, x - bias, 0)
    return torch.where(x < -lambd, x + bias, above).to(x.dtype)
