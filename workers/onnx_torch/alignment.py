"""Alignment: how shapes were joined before opset 7, by `broadcast` and `axis`."""

from torch import Tensor


def aligned(a: Tensor, b: Tensor, broadcast: int | None, axis: int | None) -> Tensor:
    """B with axes of length 1 after its own, so that it begins at `axis` of A.

    Without `axis` it ends where A ends, as it does since opset 7.
    """
    if not broadcast or axis is None or not b.ndim:
        return b
    after = a.ndim - (axis % a.ndim) - b.ndim
    return b.reshape(*b.shape, *[1] * after) if after > 0 else b
