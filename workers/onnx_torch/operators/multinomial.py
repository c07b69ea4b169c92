"""Multinomial: classes drawn by their unnormalized log-probabilities."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.halves import widened


@operator("Multinomial")
def multinomial(x: Tensor, *, dtype: int, sample_size: int) -> Tensor:
    """Other ones in every run. x is (batch, classes), the result (batch, samples)."""
    drawn = torch.multinomial(widened(x).softmax(-1), sample_size, replacement=True)
    return drawn.to(TORCH[dtype])
