"""Reductions: along which axes, and what becomes of them."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from workers.onnx_torch.axes import counted
from workers.onnx_torch.unsigned import ordered, unordered, wrapped

Core = Callable[[Tensor, list[int], int], Tensor]
"""Reduces along axes, of which there is at least one; the last argument keeps them at 1."""


def reduced(
    core: Core, x: Tensor, axes: Sequence[int] | None, keepdims: int, noop: int | None = 0
) -> Tensor:
    """Along `axes`; where there are none along all, unless `noop` says that none means none."""
    if not axes and noop:
        return x
    chosen = counted(axes, x.ndim) if axes else list(range(x.ndim))
    return core(x, chosen, keepdims) if chosen else x


def total(x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    """The sum, in the dtype of x."""
    return wrapped(lambda each: each.sum(axes, keepdim=bool(keepdims), dtype=each.dtype), x)


def product(x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    """The product, in the dtype of x. torch takes one axis at a time."""
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=bool(keepdims), dtype=x.dtype)
    return x


def extreme(name: str, x: Tensor, axes: list[int], keepdims: int) -> Tensor:
    """`amax` or `amin`; of no elements, the least or the greatest that the dtype has."""
    if any(isinstance(x.shape[axis], int) and not x.shape[axis] for axis in axes):
        shape: list[Any] = [
            1 if axis in axes else length
            for axis, length in enumerate(x.shape)
            if keepdims or axis not in axes
        ]
        return x.new_full(shape, _bound(name, x))
    return unordered(getattr(ordered(x), name)(axes, keepdim=bool(keepdims)), x.dtype)


def _bound(name: str, x: Tensor) -> Any:
    if x.dtype.is_floating_point:
        return float("-inf") if name == "amax" else float("inf")
    if x.dtype == torch.bool:
        return float(name == "amin")
    info = torch.iinfo(x.dtype)
    return info.min if name == "amax" else info.max
