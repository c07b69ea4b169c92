"""Acosh: the inverse of the hyperbolic cosine."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Acosh")
def acosh(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.acosh(x)
