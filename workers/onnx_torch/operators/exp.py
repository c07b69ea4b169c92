"""Exp: e to the power of each element."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Exp")
def exp(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.exp(x)
