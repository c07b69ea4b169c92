"""Cos: the cosine of an angle in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Cos")
def cos(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.cos(x)
