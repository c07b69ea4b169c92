"""Regrouping: reshapes that need no transpose of what is stored channels-last.

Batch and channels stay what they are, and what lies between is parted or joined: `(N, C, H, W)`
to `(N, C, H * W)` and back. So do images of one pixel, whose channels lie one after the other in
every layout.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from workers.onnx_tensorflow.extents import are_known, length, reshaped
from workers.onnx_tensorflow.layout import SPATIAL, Laid, canonical, channels_last


def in_memory(x: Laid) -> Any:
    """The tensor as it is stored, where that is its elements in ONNX's order; else transposed.

    Its shape may be another than ONNX's: for what is reshaped at once.
    """
    shape = x.stored_shape
    long = [axis for axis, size in zip(x.order, shape, strict=True) if size != 1]
    return x.tensor if long == sorted(long) else x.plain


def regrouped(x: Laid, wanted: Sequence[Any], *, keeps_batch: bool) -> Laid | None:
    """x in that shape, its channels still last; None where it takes a transpose.

    Args:
        wanted: lengths, of which one may be -1.
        keeps_batch: whether the first of them is known to be x's own.
    """
    plain = x.order == canonical(x.rank) or x.order != channels_last(x.rank)
    if plain or len(wanted) < SPATIAL or not are_known(wanted[1:]):
        return None
    channels, *between = x.shape[1:]
    told = [int(each) for each in wanted[2:]]
    if channels is None or wanted[1] != channels:
        return None
    size = prod(each for each in told if each != -1)
    if None in between:
        fits = keeps_batch and -1 in told
    else:
        whole = prod(each or 0 for each in between)
        fits = whole == size if -1 not in told else keeps_batch and whole % max(size, 1) == 0
    if not fits:
        return None
    made = reshaped(x.tensor, [length(x.tensor, 0), *told, channels])
    return Laid(made, channels_last(len(wanted)))
