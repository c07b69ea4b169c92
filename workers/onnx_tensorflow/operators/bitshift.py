"""BitShift: bits moved up or down."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BitShift", since=11, elementwise=True)
def bitshift(x: tf.Tensor, by: tf.Tensor, *, direction: str) -> tf.Tensor:
    """By its whole width or more (a negative count is one) nothing is left but the sign."""
    width = x.dtype.size * 8
    far = by >= tf.constant(min(width, by.dtype.max), by.dtype)
    if not by.dtype.is_unsigned:
        far |= by < 0
    near = tf.where(far, tf.zeros([], by.dtype), by)
    zero = tf.zeros([], x.dtype)
    if direction == "LEFT":
        return tf.where(far, zero, tf.bitwise.left_shift(x, near))
    gone = zero if x.dtype.is_unsigned else tf.where(x < zero, tf.constant(-1, x.dtype), zero)
    return tf.where(far, gone, tf.bitwise.right_shift(x, near))
