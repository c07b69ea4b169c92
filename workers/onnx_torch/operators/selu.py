"""Selu: gamma * x where it is positive, else gamma * (alpha * exp(x) - alpha)."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator

NATIVE = (1.6732631921768188, 1.0507010221481323)
"""What torch has built in."""


@operator("Selu")
def selu(x: Tensor, *, alpha: float, gamma: float) -> Tensor:
    """Before opset 6 the defaults were rounded; those are written out."""
    if (alpha, gamma) == NATIVE:
        return functional.selu(x)
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))
