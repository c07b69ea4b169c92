"""Tanh: the hyperbolic tangent."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Tanh")
def tanh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.tanh(x)
