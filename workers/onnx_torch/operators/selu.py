"""Selu: gamma * x where it is positive, else gamma * (alpha * exp(x) - alpha)."""

from math import isclose

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator

ALPHA, GAMMA = 1.6732632423543772, 1.0507009873554805
"""What torch has built in."""


@operator("Selu")
def selu(x: Tensor, *, alpha: float, gamma: float) -> Tensor:
    """Before opset 6 the defaults were rounded; those are written out."""
    if isclose(alpha, ALPHA, rel_tol=1e-6) and isclose(gamma, GAMMA, rel_tol=1e-6):
        return functional.selu(x)
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))
