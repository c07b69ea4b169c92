"""Binarizer: 1 above a threshold, else 0."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Binarizer", elementwise=True)
def binarizer(x: tf.Tensor, *, threshold: float) -> tf.Tensor:
    """In the input's own dtype."""
    return tf.cast(x > tf.cast(threshold, x.dtype), x.dtype)
