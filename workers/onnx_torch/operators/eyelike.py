"""EyeLike: ones on a diagonal, in the shape of its input."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH


@operator("EyeLike")
def eye_like(x: Tensor, *, dtype: int | None, k: int) -> Tensor:
    """The k-th diagonal above the main one; below it, where k is negative."""
    rows, columns = (torch.arange(length, device=x.device) for length in _lengths(x))
    ones = columns[None, :] == rows[:, None] + k
    return ones.to(x.dtype if dtype is None else TORCH[dtype])


def _lengths(x: Tensor) -> tuple[Any, Any]:
    return x.shape[0], x.shape[1]
