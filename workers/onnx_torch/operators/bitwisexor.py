"""BitwiseXor: the bits that one of them has."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("BitwiseXor")
def bitwisexor(a: Tensor, b: Tensor) -> Tensor:
    """Of integers, broadcast to each other."""
    return torch.bitwise_xor(a, b)
