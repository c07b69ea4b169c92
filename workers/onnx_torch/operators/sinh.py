"""Sinh: the hyperbolic sine."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Sinh")
def sinh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.sinh(x)
