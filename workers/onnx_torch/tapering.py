"""Tapering: windows of a signal, as sums of cosines."""

from collections.abc import Sequence
from math import pi
from typing import Any

import torch
from torch import Tensor

from workers.onnx_torch.dtypes import TORCH


def cosines(size: Any, weights: Sequence[float], *, periodic: int, dtype: int) -> Tensor:
    """`weights[k] * cos(2 pi k n / N)` with alternating signs; N is one less unless periodic.

    `dtype` is ONNX's enum.
    """
    step = torch.arange(size, dtype=torch.float64) * (2 * pi / (size if periodic else size - 1))
    terms = [(-1) ** k * weight * torch.cos(step * k) for k, weight in enumerate(weights)]
    return torch.stack(terms).sum(0).to(TORCH[dtype])
