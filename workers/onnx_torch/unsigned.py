"""Wide unsigned integers: torch stores them, and computes with them through int64.

What wraps around at 64 bits is the same for both signs, and what has 16 or 32 bits fits. Only
order and division tell a uint64 above 2**63 from a negative number: `ordered` and `divided`.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

WIDE: Final = frozenset({torch.uint16, torch.uint32, torch.uint64})
LOWEST: Final = torch.iinfo(torch.int64).min


def wrapped(compute: Callable[..., Tensor], *xs: Tensor) -> Tensor:
    """Compute in int64 and keep as many bits as the first one has; others as they are."""
    if xs[0].dtype not in WIDE:
        return compute(*xs)
    return compute(*(x.to(torch.int64) for x in xs)).to(xs[0].dtype)


def ordered(x: Tensor) -> Tensor:
    """The same order in a dtype that torch can compare."""
    if x.dtype == torch.uint64:
        return x.to(torch.int64) ^ LOWEST
    return x.to(torch.int64) if x.dtype in WIDE else x


def unordered(x: Tensor, dtype: torch.dtype) -> Tensor:
    """What `ordered` made, back in the dtype that it was."""
    return (x ^ LOWEST).to(dtype) if dtype == torch.uint64 else x.to(dtype)


def in_order(compute: Callable[..., Tensor], *xs: Tensor) -> Tensor:
    """Compute what depends on order alone and gives one of the elements."""
    return unordered(compute(*map(ordered, xs)), xs[0].dtype)


def divided(a: Tensor, b: Tensor) -> Tensor:
    """The integer quotient, towards zero.

    Of uint64: half the dividend has no sign, so its quotient is right; doubled, it is one short
    at most (Hacker's Delight, 9-3). A divisor with the highest bit goes once or not at all.
    """
    if a.dtype != torch.uint64:
        return wrapped(lambda one, other: torch.div(one, other, rounding_mode="trunc"), a, b)
    one, other = a.to(torch.int64), b.to(torch.int64)
    half = (one >> 1) & torch.iinfo(torch.int64).max
    short = torch.div(half, other, rounding_mode="trunc") << 1
    rest = one - short * other
    exact = short + ((rest ^ LOWEST) >= (other ^ LOWEST)).to(torch.int64)
    once = ((one ^ LOWEST) >= (other ^ LOWEST)).to(torch.int64)
    return torch.where(other < 0, once, exact).to(torch.uint64)
