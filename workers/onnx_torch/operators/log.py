"""Log: the natural logarithm."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Log")
def log(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.log(x)
