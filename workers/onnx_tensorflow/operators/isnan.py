"""IsNaN: whether an element is no number."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("IsNaN", elementwise=True)
def isnan(x: tf.Tensor) -> tf.Tensor:
    return tf.math.is_nan(x)
