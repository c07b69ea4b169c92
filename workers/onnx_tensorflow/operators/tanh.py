"""Tanh: the hyperbolic tangent."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Tanh", elementwise=True)
def tanh(x: tf.Tensor) -> tf.Tensor:
    return tf.tanh(x)
