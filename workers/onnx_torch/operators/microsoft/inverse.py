"""Inverse: of square matrices."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import widened


@operator("Inverse")
def inverse(x: Tensor) -> Tensor:
    """Of the matrices in the last two axes."""
    return torch.linalg.inv(widened(x)).to(x.dtype)
