"""Cosh: the hyperbolic cosine."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Cosh")
def cosh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.cosh(x)
