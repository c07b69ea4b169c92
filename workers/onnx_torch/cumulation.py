"""Cumulation along an axis, from either end, with or without the element itself."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workers.onnx_torch.axes import counted


def cumulated(  # noqa: PLR0917 - one call of either operator
    compute: Callable[..., Tensor],
    x: Tensor,
    axis: int,
    neutral: int,
    exclusive: int,
    reverse: int,
) -> Tensor:
    """`compute` is torch.cumsum or torch.cumprod; `neutral` changes no element by it."""
    (axis,) = counted([axis], x.ndim)
    turned = x.flip(axis) if reverse else x
    if exclusive:
        shape: list[Any] = list(x.shape)
        shape[axis] = 1
        shifted = torch.cat([x.new_full(shape, neutral), turned], axis)
        turned = shifted.narrow(axis, 0, x.shape[axis])
    found = compute(turned, axis, dtype=x.dtype)
    return found.flip(axis) if reverse else found
