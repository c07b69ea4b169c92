"""Scales: by how much each axis of an image grows, from scales or sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.extents import are_known, lengths, whole
from workers.onnx_tensorflow.layout import Laid, laid
from workers.onnx_tensorflow.symbolic import read

IMAGE_AXES = 2
"""From which axis on an image is resized."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Of one axis: its length before and after (integers or scalars), and the factor told."""

    axis: int
    before: Any
    after: Any
    factor: Any  # a float, or a scalar tensor of float32


def scales_of(
    x: Laid, places: Sequence[int], scales: Any, sizes: Sequence[Any] | None, policy: str
) -> list[Scale]:
    """For the logical axes in `places`; those that stay as they are are left out."""
    stored = lengths(x.tensor)
    before = [stored[x.stored(axis)] for axis in places]
    if sizes is not None and len(sizes):
        return _to_sizes(places, before, [whole(each) for each in sizes], policy)
    told = scales if isinstance(scales, Constant) else read(laid(scales).plain)
    if not isinstance(told, Constant):
        raise CannotTranslate(
            "is given scales that are only known when the model runs",
            hint="Make them constants of the model, or give sizes.",
        )
    factors = [float(each) for each in told.array.reshape(-1)]
    return [
        Scale(axis, length, _times(length, factor), factor)
        for axis, length, factor in zip(places, before, factors, strict=True)
        if factor != 1
    ]


def _times(length: Any, factor: float) -> Any:
    """Rounded down, in float32 as ONNX Runtime does: there 5 times 1.4 is 7, elsewhere 6.99."""
    import numpy as np
    import tensorflow as tf

    if are_known([length]):
        return int(np.float32(length) * np.float32(factor))
    if factor.is_integer():
        return length * int(factor)
    return tf.cast(tf.floor(tf.cast(length, tf.float32) * factor), tf.int32)


def _to_sizes(
    places: Sequence[int], before: Sequence[Any], after: Sequence[Any], policy: str
) -> list[Scale]:
    if policy != "stretch":
        return _in_proportion(places, before, after, policy)
    return [
        Scale(axis, old, new, _ratio(new, old))
        for axis, old, new in zip(places, before, after, strict=True)
        if not _stays(axis, old, new)
    ]


def _stays(axis: int, old: Any, new: Any) -> bool:
    """Whether an axis keeps its length. An open batch or number of channels, which exporters
    copy from the input's own shape, is taken to: what resizes is an image."""
    if are_known([old, new]):
        return bool(old == new)
    return axis < IMAGE_AXES and not are_known([old]) and not are_known([new])


def _in_proportion(
    places: Sequence[int], before: Sequence[Any], after: Sequence[Any], policy: str
) -> list[Scale]:
    """One factor for all axes: the smallest or the largest of those that the sizes ask for."""
    if not are_known([*before, *after]):
        raise CannotTranslate("keeps the proportions of an image whose size is open")
    ratios = [new / old for old, new in zip(before, after, strict=True)]
    factor = min(ratios) if policy == "not_larger" else max(ratios)
    return [
        Scale(axis, old, int(old * factor + 0.5), factor)
        for axis, old in zip(places, before, strict=True)
    ]


def _ratio(new: Any, old: Any) -> Any:
    if are_known([new, old]):
        return new / old
    import tensorflow as tf

    return tf.cast(new, tf.float32) / tf.cast(old, tf.float32)
