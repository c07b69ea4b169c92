"""com.microsoft.Inverse: of square matrices."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Inverse")
def inverse(x: tf.Tensor) -> tf.Tensor:
    """Of the matrices in the last two axes."""
    wide = x if x.dtype == tf.float64 else tf.cast(x, tf.float32)
    return tf.cast(tf.linalg.inv(wide), x.dtype)
