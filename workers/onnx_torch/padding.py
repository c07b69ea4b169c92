"""Padding: which elements of an axis stand where, when it is longer than it was.

Each takes the axis' length and how much is put before and after it; negative amounts take off.
"""

from typing import Any

import torch
from torch import Tensor


def edges(length: Any, before: Any, after: Any) -> Tensor:
    """The first and the last again and again."""
    return _places(length, before, after).clamp(min=0).clamp(max=length - 1)


def wrapped(length: Any, before: Any, after: Any) -> Tensor:
    """Round and round."""
    return _places(length, before, after) % length


def reflected(length: Any, before: Any, after: Any) -> Tensor:
    """Back and forth, without doing either end twice."""
    period = (
        torch.sym_max(2 * (length - 1), 1)
        if not isinstance(length, int)
        else max(2 * length - 2, 1)
    )
    places = _places(length, before, after) % period
    return torch.where(places < length, places, period - places)


def _places(length: Any, before: Any, after: Any) -> Tensor:
    return torch.arange(-before, length + after)
