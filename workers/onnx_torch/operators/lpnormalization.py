"""LpNormalization: divided by the norm along an axis."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("LpNormalization")
def lpnormalization(x: Tensor, *, axis: int, p: int) -> Tensor:
    """What is all zeros stays so."""
    norm = torch.linalg.vector_norm(x, p, axis, keepdim=True)
    return torch.where(norm == 0, 0, x / norm)
