"""Flattening: before opset 13, softmaxes took all axes from `axis` on for one."""

from collections.abc import Callable

from torch import Tensor


def flattened(compute: Callable[[Tensor], Tensor], x: Tensor, axis: int) -> Tensor:
    """Compute along the last axis, into which all from `axis` on are folded for the while."""
    axis = axis % x.ndim
    if axis == x.ndim - 1:
        return compute(x)
    return compute(x.flatten(axis)).reshape(x.shape)
