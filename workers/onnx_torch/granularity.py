"""Granularity: one scale for a tensor, for each part of an axis, or for each block of it."""

from torch import Tensor


def spread(scale: Tensor, x: Tensor, axis: int, block: int | None) -> Tensor:
    """A scale or a zero point, so that it can be broadcast to x.

    Args:
        scale: of one element, of as many as x has along `axis`, or of x's rank with one for
            every `block` elements along `axis`.
        block: 0 or None where there are no blocks.
    """
    if scale.ndim == 0 or (scale.ndim == 1 and scale.shape[0] == 1):
        return scale.reshape(())
    axis = axis % x.ndim
    if block:
        return scale.repeat_interleave(block, axis).narrow(axis, 0, x.shape[axis])
    return scale.reshape([-1 if each == axis else 1 for each in range(x.ndim)])
