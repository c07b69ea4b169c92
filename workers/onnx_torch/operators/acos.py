"""Acos: the angle whose cosine it is, in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Acos")
def acos(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.acos(x)
