"""Cos: the cosine of an angle in radians."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Cos", elementwise=True)
def cos(x: tf.Tensor) -> tf.Tensor:
    return tf.cos(x)
