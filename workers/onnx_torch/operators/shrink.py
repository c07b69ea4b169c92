"""Shrink: 0 near 0, and nearer to it by `bias` elsewhere."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import wrapped


@operator("Shrink")
def shrink(x: Tensor, *, bias: float, lambd: float) -> Tensor:
    """In the dtype of x, cut off towards zero if that has no fractions."""

    def shrunk(each: Tensor) -> Tensor:
        above = torch.where(each > lambd, each - bias, 0)
        return torch.where(each < -lambd, each + bias, above).to(each.dtype)

    return wrapped(shrunk, x)
