"""Swish: x * sigmoid(alpha * x)."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Swish")
def swish(x: Tensor, *, alpha: float) -> Tensor:
    """With an alpha of 1 it is what torch calls silu."""
    return functional.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)
