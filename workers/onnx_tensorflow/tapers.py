"""Tapers: windows of a signal, which are sums of cosines."""

from math import pi
from typing import Any

import tensorflow as tf

from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.extents import whole


def tapered(size: Any, factors: list[float], *, periodic: bool, dtype: int) -> tf.Tensor:
    """The sum of factors[k] * cos(2 pi k n / N), in ONNX's dtype.

    N is `size`, or one less where the window is not `periodic` but symmetric.
    """
    count = whole(size)
    steps = tf.cast(tf.range(count), tf.float64)
    whole_turn = tf.cast(count if periodic else count - 1, tf.float64)
    turns = tf.math.divide_no_nan(steps, whole_turn) * 2 * pi
    total = tf.add_n([factor * tf.cos(order * turns) for order, factor in enumerate(factors)])
    return tf.cast(total, carrier(dtype))
