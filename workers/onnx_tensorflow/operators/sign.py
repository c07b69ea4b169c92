"""Sign: -1, 0 or 1."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sign", elementwise=True)
def sign(x: tf.Tensor) -> tf.Tensor:
    """TensorFlow refuses unsigned integers."""
    if x.dtype.is_unsigned:
        return tf.cast(tf.not_equal(x, tf.zeros([], x.dtype)), x.dtype)
    return tf.sign(x)
