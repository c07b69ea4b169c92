"""Operators: what coremltools does not know, said in operators that it does."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any


def table() -> dict[Any, Callable[..., Any]]:
    """Operators of ATen with what computes the same, for `ExportedProgram.run_decompositions`.

    One that gives NotImplemented leaves the operator as it is.
    """
    import torch

    aten = torch.ops.aten
    return {
        aten.new_ones.default: new_ones,
        aten.zeros.default: zeros,
        aten.alias.default: torch.clone,
        aten.__and__.Tensor: both,
        aten.where.ScalarOther: where,
        aten.channel_shuffle.default: channel_shuffle,
        aten.prod.dim_int: prod,
        aten.diff.default: diff,
        aten.hardtanh.default: hardtanh,
        aten.group_norm.default: group_norm,
    }


def new_ones(x: Any, size: Sequence[Any], *, dtype: Any = None, **_: Any) -> Any:
    """Ones, of `x`'s type where no other is said."""
    import torch

    return torch.full(size, 1, dtype=dtype or x.dtype, device=x.device)


def zeros(size: Sequence[Any], *, dtype: Any = None, **_: Any) -> Any:
    """Zeros, which coremltools takes to be floats whatever is said."""
    import torch

    return torch.full(size, 0, dtype=dtype or torch.float32)


def both(x: Any, y: Any) -> Any:
    """What is true in two tensors, by the operator that `&` stands for."""
    import torch

    return torch.bitwise_and(x, y)


def where(condition: Any, x: Any, other: Any) -> Any:
    """`x` where the condition holds, and a number where it does not."""
    import torch

    kind = torch.result_type(x, other)
    return torch.where(condition, x.to(kind), torch.full((), other, dtype=kind))


def channel_shuffle(x: Any, groups: int) -> Any:
    """Channels of a tensor (N, C, ...), dealt out to `groups` groups in turn."""
    batch, channels, *space = x.shape
    dealt = x.reshape(batch, groups, channels // groups, *space).transpose(1, 2)
    return dealt.reshape(batch, channels, *space)


def prod(x: Any, dim: int, keepdim: bool = False, *, dtype: Any = None) -> Any:  # noqa: FBT001, FBT002 - ATen's own signature
    """The product along a dimension whose length is known, factor by factor."""
    import torch

    if not isinstance(x.shape[dim], int) or x.shape[dim] == 0:
        return NotImplemented
    kind = dtype or (x.dtype if x.dtype.is_floating_point else torch.int64)
    factors = [x.select(dim, index).to(kind) for index in range(x.shape[dim])]
    product = reduce(torch.mul, factors)
    return product.unsqueeze(dim) if keepdim else product


def diff(x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along a dimension, `n` times over."""
    import torch

    ends = [each for each in (prepend, x, append) if each is not None]
    whole = torch.cat(ends, dim) if len(ends) > 1 else x
    between = torch.ne if x.dtype == torch.bool else torch.sub
    for _ in range(n):
        length = whole.shape[dim]
        whole = between(whole.narrow(dim, 1, length - 1), whole.narrow(dim, 0, length - 1))
    return whole


def hardtanh(x: Any, low: float = -1, high: float = 1) -> Any:
    """A tensor clamped between two numbers, which coremltools takes to be of `x`'s type."""
    import torch

    return torch.clamp(x, low, high)


def group_norm(
    x: Any, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, _: Any = None
) -> Any:
    """Normalised over each group of channels of (N, C, ...), whose N may vary."""
    batch, channels, *space = x.shape
    grouped = x.reshape(batch, groups, -1)
    centred = grouped - grouped.mean(-1, keepdim=True)
    spread = (centred * centred).mean(-1, keepdim=True)
    normal = (centred * (spread + eps).rsqrt()).reshape(x.shape)
    shape = (1, channels, *(1 for _ in space))
    scaled = normal if weight is None else normal * weight.reshape(shape)
    return scaled if bias is None else scaled + bias.reshape(shape)
