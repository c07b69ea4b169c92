"""QuickGelu: x * sigmoid(alpha * x)."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator

DEFAULT = 1.702


@operator("QuickGelu")
def quickgelu(x: Tensor, *, alpha: float | None) -> Tensor:
    """Near to Gelu with the default alpha, Swish with 1."""
    return x * torch.sigmoid((DEFAULT if alpha is None else alpha) * x)
