"""Shrink: what is near zero becomes zero, all else comes nearer by `bias`."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import through


@operator("Shrink", since=9, elementwise=True)
def shrink(x: tf.Tensor, *, bias: float, lambd: float) -> tf.Tensor:
    if x.dtype.is_integer:
        return through(tf.float64, lambda wide: _shrunk(wide, bias, lambd), x)
    return _shrunk(x, bias, lambd)


def _shrunk(x: tf.Tensor, bias: float, lambd: float) -> tf.Tensor:
    zero = tf.zeros([], x.dtype)
    return tf.where(x < -lambd, x + bias, tf.where(x > lambd, x - bias, zero))
