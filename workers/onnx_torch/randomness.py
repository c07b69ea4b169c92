"""Randomness: drawn from torch's generator.

ONNX leaves it to a runtime what a seed means, so no two agree; a seed that is fixed in a graph
would only repeat the same draw in every run.
"""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_torch.dtypes import TORCH


def normal(shape: Any, dtype: int, mean: float, scale: float) -> Tensor:
    """Of a normal distribution."""
    return (torch.randn(list(shape)) * scale + mean).to(TORCH[dtype])


def uniform(shape: Any, dtype: int, low: float, high: float) -> Tensor:
    """Between `low`, included, and `high`, not included."""
    return (torch.rand(list(shape)) * (high - low) + low).to(TORCH[dtype])


def type_of(x: Tensor, dtype: int | None) -> int:
    """The type asked for, else that of x; float32, if x has none that can be drawn."""
    if dtype:
        return dtype
    return next((number for number, each in TORCH.items() if each == x.dtype), 1)
