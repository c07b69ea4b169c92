"""Selu: gamma * x, and gamma * alpha * (exp(x) - 1) below zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Selu", elementwise=True)
def selu(x: tf.Tensor, *, alpha: float, gamma: float) -> tf.Tensor:
    return gamma * tf.where(x > 0, x, alpha * (tf.exp(tf.minimum(x, 0)) - 1))
