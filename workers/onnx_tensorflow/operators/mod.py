"""Mod: the rest of a / b, with the sign of b; with `fmod` that of a."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import integers_through, precisely


@operator("Mod", since=10, elementwise=True)
def mod(a: tf.Tensor, b: tf.Tensor, *, fmod: int) -> tf.Tensor:
    compute = tf.truncatemod if fmod else tf.math.floormod
    if a.dtype.is_integer:
        return integers_through(compute, a, b)
    found = precisely(compute, a, b)
    if fmod:
        return found
    # A rest of 0 has the sign of b, too, which TensorFlow leaves to a.
    return tf.where(tf.equal(found, 0), tf.sign(b) * tf.zeros([], b.dtype), found)
