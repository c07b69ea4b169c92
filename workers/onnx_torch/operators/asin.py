"""Asin: the angle whose sine it is, in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Asin")
def asin(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.asin(x)
