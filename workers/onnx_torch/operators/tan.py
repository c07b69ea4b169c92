"""Tan: the tangent of an angle in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Tan")
def tan(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.tan(x)
