"""Neg: the element with the other sign."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Neg")
def neg(x: Tensor) -> Tensor:
    """Signed types only, as ONNX has it."""
    return torch.neg(x)
