"""Asinh: the inverse of the hyperbolic sine."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Asinh")
def asinh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.asinh(x)
