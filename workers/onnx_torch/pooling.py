"""Pooling: windows laid out as axes of their own, for what torch's pools do not take."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from workers.onnx_torch.windows import Window


def spread(x: Tensor, window: Window, fill: Any, *, ceil: bool) -> Tensor:
    """`x` padded with `fill` and laid out by window.

    Shape (N, C, *positions, *kernel).
    """
    over = window.overhangs(x.shape[2:]) if ceil else [0] * window.rank
    ends = [end + more for end, more in zip(window.ends, over, strict=True)]
    wide = Window(window.kernel, window.strides, window.dilations, window.begins, ends)
    if wide.padded:
        x = functional.pad(x, wide.amounts, value=fill)
    for axis, reach in enumerate(window.reaches):
        x = x.unfold(2 + axis, reach, window.strides[axis])
    dilated = tuple(slice(None, None, each) for each in window.dilations)
    return x[(Ellipsis, *dilated)] if any(each != 1 for each in window.dilations) else x


def kernel_axes(window: Window) -> list[int]:
    """The axes of the kernel in what `spread` gives."""
    return list(range(-window.rank, 0))


def narrow(window: Window) -> bool:
    """Whether torch's own pools take it: even padding of half a kernel at most."""
    return (
        window.even
        and window.rank <= 3  # noqa: PLR2004 - torch has pools of one to three axes
        and all(
            2 * begin <= size for begin, size in zip(window.begins, window.kernel, strict=True)
        )
    )


def counts(x: Tensor, window: Window, *, ceil: bool, padding: bool) -> Tensor:
    """How many elements each window has, with or without the padding; (1, 1, *positions)."""
    ones = x.new_ones((1, 1, *x.shape[2:]))
    if padding:
        ones = functional.pad(ones, window.amounts, value=1)
        window = Window(
            window.kernel, window.strides, window.dilations, [0] * window.rank, [0] * window.rank
        )
    return spread(ones, window, 0, ceil=ceil).sum(kernel_axes(window))


def spatial(x: Tensor) -> Sequence[Any]:
    """The lengths of the axes after batch and channels."""
    lengths: Sequence[Any] = x.shape[2:]
    return lengths
