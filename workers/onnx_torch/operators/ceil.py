"""Ceil: the next integer upwards."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Ceil")
def ceil(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.ceil(x)
