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
    everywhere = axes is None or not len(axes)
    told = range(0 if noop else x.rank) if everywhere else axes or ()
    places = sorted(x.stored(axis) for axis in told)
    found = compute(x.tensor, places, keep)
    if keep or not places:
        return x.like(found)
    left = [axis for place, axis in enumerate(x.order) if place not in places]
    names = sorted(left)
    return Laid(found, tuple(names.index(axis) for axis in left))
