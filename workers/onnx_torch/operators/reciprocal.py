"""Reciprocal: one divided by each element."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Reciprocal")
def reciprocal(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.reciprocal(x)
