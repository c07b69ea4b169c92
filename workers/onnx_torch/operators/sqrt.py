"""Sqrt: the square root; NaN of what is negative."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Sqrt")
def sqrt(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.sqrt(x)
