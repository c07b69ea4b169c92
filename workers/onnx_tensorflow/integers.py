"""Integers convolved: exact sums of products of what quantised models keep."""

from typing import Any

from workers.onnx_tensorflow.convolution import convolved
from workers.onnx_tensorflow.layout import Laid
from workers.onnx_tensorflow.quantising import spread
from workers.onnx_tensorflow.windows import Window


def convolved_integers(
    x: Laid, weight: Laid, zeros: tuple[Laid | None, Laid | None], groups: int, of: Window
) -> Laid:
    """Sums as float64, in which they are exact. What is padded counts as the zero point.

    Args:
        zeros: of x (one), and of the weight (one, or one for each output channel).
    """
    return convolved(centred(x, zeros[0], 1), centred(weight, zeros[1], 0), groups, of)


def centred(x: Laid, zero: Laid | None, axis: int) -> Laid:
    """With the zero point taken off, as float64."""
    import tensorflow as tf

    if x.array is not None and (zero is None or zero.array is not None):
        return _on_the_host(x, zero, axis)
    wide = tf.cast(x.tensor, tf.float64)
    if zero is None:
        return x.like(wide)
    return x.like(wide - tf.cast(spread(zero, x, axis, None), tf.float64))


def _on_the_host(x: Laid, zero: Laid | None, axis: int) -> Laid:
    import numpy as np

    wide: Any = x.plain_array.astype(np.float64)
    if zero is not None:
        shape = [-1 if place == axis else 1 for place in range(x.rank)]
        wide -= zero.array.astype(np.float64).reshape(shape if zero.array.size > 1 else ())
    return Laid(None, array=wide, name=x.name)
