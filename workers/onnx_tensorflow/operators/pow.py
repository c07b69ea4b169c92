"""Pow: a to the power of b, in a's type."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed

FOURTH = 4


@operator("Pow", since=7, elementwise=True)
def power(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Common exponents have operators of their own, which converters fuse."""
    exponent = tf.get_static_value(b)
    if exponent is not None and exponent.ndim == 0 and not a.dtype.is_integer:
        if exponent == 2:  # noqa: PLR2004 - a square
            return tf.square(a)
        if exponent == 0.5:  # noqa: PLR2004 - a root
            return tf.sqrt(a)
    if a.dtype.is_integer:
        wide = tf.float64 if b.dtype.is_floating else tf.int64
        return tf.cast(tf.pow(tf.cast(a, wide), tf.cast(b, wide)), a.dtype)
    return tf.pow(a, tf.cast(b, a.dtype))


@operator("Pow", since=1)
def power_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return power(a, placed(b, a, axis, broadcast))
