"""Reductions: over axes that are attributes, inputs or all, in whatever layout."""

from collections.abc import Callable, Sequence
from typing import Any

from workers.onnx_tensorflow.layout import Laid

Reduce = Callable[[Any, list[int], bool], Any]
"""Takes the tensor, stored axes and whether they stay with length 1."""


def reduced(
    x: Laid, axes: Sequence[int] | None, compute: Reduce, *, keep: bool, noop: bool = False
) -> Laid:
    """Over the logical axes.

    Args:
        axes: None or empty stands for all of them.
        noop: with that, none or empty stands for none: each element is reduced alone.
    """
    chosen = (
        list(range(x.rank)) if not axes and not noop else [each % x.rank for each in axes or ()]
    )
    found = compute(x.tensor, sorted(x.stored(axis) for axis in chosen), keep)
    if keep or not chosen:
        return x.like(found)
    left = [axis for axis in x.order if axis not in chosen]
    names = sorted(left)
    return Laid(found, tuple(names.index(axis) for axis in left))
