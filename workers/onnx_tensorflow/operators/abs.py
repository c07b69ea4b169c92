"""Abs: the distance to zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Abs", elementwise=True)
def absolute(x: tf.Tensor) -> tf.Tensor:
    """TensorFlow refuses unsigned integers, which are what they are."""
    return x if x.dtype.is_unsigned else tf.abs(x)
