"""Trilu: the upper or lower triangle of the last two axes."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("Trilu")
def trilu(x: Tensor, k: Number | None = None, *, upper: int) -> Tensor:
    """From the k-th diagonal on."""
    diagonal = 0 if k is None else k
    return x.triu(diagonal) if upper else x.tril(diagonal)
