"""Atan: the angle whose tangent it is, in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Atan")
def atan(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.atan(x)
