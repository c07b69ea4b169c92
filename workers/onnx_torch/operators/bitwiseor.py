"""BitwiseOr: the bits that either has."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("BitwiseOr")
def bitwiseor(a: Tensor, b: Tensor) -> Tensor:
    """Of integers, broadcast to each other."""
    return torch.bitwise_or(a, b)
