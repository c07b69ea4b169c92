"""Celu: x, and alpha * (exp(x / alpha) - 1) below zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Celu", since=12, elementwise=True)
def celu(x: tf.Tensor, *, alpha: float) -> tf.Tensor:
    return tf.maximum(x, 0) + tf.minimum(alpha * (tf.exp(x / alpha) - 1), 0)
