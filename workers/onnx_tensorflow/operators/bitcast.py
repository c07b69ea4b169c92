"""BitCast: the same bits, read as another type of the same width."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier


@operator("BitCast", since=26, elementwise=True)
def bitcast(x: tf.Tensor, *, to: int) -> tf.Tensor:
    """Truth values are bytes of 0 and 1."""
    wanted = carrier(to)
    if x.dtype == tf.bool:
        x = tf.cast(x, tf.uint8)
    if wanted == tf.bool:
        return tf.cast(tf.bitcast(x, tf.uint8), tf.bool)
    return tf.bitcast(x, wanted)
