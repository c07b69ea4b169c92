"""Quantising: real numbers as integers times a scale, and back."""

from typing import Any

from workers.onnx_tensorflow.carriers import SMALL_FLOATS, carrier, numpy_name
from workers.onnx_tensorflow.casting import PACKED
from workers.onnx_tensorflow.layout import Laid
from workers.onnx_tensorflow.minifloats import rounded


def spread(scale: Laid, x: Laid, axis: int, block: int | None) -> Any:
    """A scale or zero point as a tensor that can be broadcast to what x stores.

    Args:
        scale: of one element, of as many as x has along `axis`, or of x's rank with one for
            every `block` elements along `axis`.
        block: 0 or None where there are no blocks.
    """
    import tensorflow as tf

    tensor = scale.plain
    if scale.rank == 0 or (scale.rank == 1 and scale.shape[0] == 1):
        return tf.reshape(tensor, [])
    place = x.stored(axis)
    if block:
        long = tf.repeat(scale.at(x.order).tensor, block, place)
        length = x.tensor.shape[place] or tf.shape(x.tensor)[place]
        picks = [slice(None)] * x.rank
        picks[place] = slice(0, length)
        return long[tuple(picks)]
    return tf.reshape(tensor, [-1 if each == place else 1 for each in range(x.rank)])


def bounds(name: str) -> tuple[int, int]:
    """The smallest and the largest integer of a type, by numpy's name."""
    if name in PACKED:
        bits, below = PACKED[name]
        return -below, (1 << bits) - 1 - below
    bits = int(name.removeprefix("u").removeprefix("int"))
    return (
        (0, (1 << bits) - 1) if name.startswith("u") else (-(1 << bits - 1), (1 << bits - 1) - 1)
    )


def quantised(scaled: Any, zero: Any | None, dtype: int, *, saturate: bool = True) -> Any:
    """x / scale as integers (or minifloats) of ONNX's type `dtype`, in its carrier.

    Halves go to the even integer; what is out of range to the end of it.
    """
    import tensorflow as tf

    name = numpy_name(dtype)
    if name in SMALL_FLOATS:
        return rounded(scaled, name, saturate=saturate)
    low, high = bounds(name)
    whole = tf.round(scaled)
    if zero is not None:
        whole += tf.cast(zero, whole.dtype)
    within = tf.clip_by_value(whole, float(low), float(high))
    return tf.cast(tf.cast(within, tf.int32), carrier(dtype))
