"""Not: true where the element is false."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Not")
def not_(x: Tensor) -> Tensor:
    """Of booleans."""
    return torch.logical_not(x)
