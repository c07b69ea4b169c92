"""com.microsoft.IsAllFinite: whether there is nothing infinite, and nothing that is no number."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("IsAllFinite")
def is_all_finite(*xs: tf.Tensor, isinf_only: int | None, isnan_only: int | None) -> tf.Tensor:
    """Or one of the two only."""
    if isinf_only or isnan_only:
        test = tf.math.is_inf if isinf_only else tf.math.is_nan
        return ~tf.reduce_any(tf.stack([tf.reduce_any(test(x)) for x in xs]))
    return tf.reduce_all(tf.stack([tf.reduce_all(tf.math.is_finite(x)) for x in xs]))
