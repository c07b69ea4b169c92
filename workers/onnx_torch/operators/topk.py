"""TopK: the greatest elements along an axis, and where they were."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("TopK", since=1)
def top_k_1(x: Tensor, *, axis: int, k: int) -> tuple[Tensor, Tensor]:
    """k is an attribute."""
    return _ordered(x, k, axis, largest=True)


@operator("TopK", since=10)
def top_k_10(x: Tensor, k: Number, *, axis: int) -> tuple[Tensor, Tensor]:
    """Only the largest."""
    return _ordered(x, k, axis, largest=True)


@operator("TopK", since=11)
def top_k(x: Tensor, k: Number, *, axis: int, largest: int) -> tuple[Tensor, Tensor]:
    """Of equal elements the first comes first: only a stable sort promises that.

    `sorted` is not asked for: sorted elements are in any order, too.
    """
    return _ordered(x, k, axis, largest=bool(largest))


def _ordered(x: Tensor, k: Any, axis: int, *, largest: bool) -> tuple[Tensor, Tensor]:
    values, places = torch.sort(x, dim=axis, descending=largest, stable=True)
    return values.narrow(axis, 0, k), places.narrow(axis, 0, k)
