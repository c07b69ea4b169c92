"""NonZero: where a tensor is not zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("NonZero")
def non_zero(x: tf.Tensor) -> tf.Tensor:
    """A row for each axis, a column for each element."""
    found = tf.where(x if x.dtype == tf.bool else tf.not_equal(x, tf.zeros([], x.dtype)))
    return tf.transpose(found)
