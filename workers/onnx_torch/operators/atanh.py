"""Atanh: the inverse of the hyperbolic tangent."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Atanh")
def atanh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.atanh(x)
