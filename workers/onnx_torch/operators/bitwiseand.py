"""BitwiseAnd: the bits that both have."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("BitwiseAnd")
def bitwiseand(a: Tensor, b: Tensor) -> Tensor:
    """Of integers, broadcast to each other."""
    return torch.bitwise_and(a, b)
