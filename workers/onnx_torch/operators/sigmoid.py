"""Sigmoid: 1 / (1 + exp(-x))."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Sigmoid")
def sigmoid(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.sigmoid(x)
