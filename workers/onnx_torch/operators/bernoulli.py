"""Bernoulli: 1 with the probability that the input says, else 0."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.randomness import type_of


@operator("Bernoulli")
def bernoulli(x: Tensor, *, dtype: int | None) -> Tensor:
    """Other ones in every run."""
    return torch.bernoulli(x).to(TORCH[type_of(x, dtype)])
