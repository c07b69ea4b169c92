"""TopK: the greatest elements along an axis, and where they were."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("TopK", since=1)
def top_k_1(x: Tensor, *, axis: int, k: int) -> tuple[Tensor, Tensor]:
    """k is an attribute."""
    return top_k(x, k, axis=axis, largest=1)


@operator("TopK", since=10)
def top_k_10(x: Tensor, k: Number, *, axis: int) -> tuple[Tensor, Tensor]:
    """Only the largest."""
    return top_k(x, k, axis=axis, largest=1)


@operator("TopK", since=11)
def top_k(x: Tensor, k: Number, *, axis: int, largest: int) -> tuple[Tensor, Tensor]:
    """Of equal elements the first comes first: only a stable sort promises that.

    `sorted` is not asked for: sorted elements are in any order, too.
    """
    values, places = torch.sort(x, dim=axis, descending=bool(largest), stable=True)
    return values.narrow(axis, 0, k), places.narrow(axis, 0, k)
