"""Elu: x, and alpha * (exp(x) - 1) below zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Elu", elementwise=True)
def elu(x: tf.Tensor, *, alpha: float) -> tf.Tensor:
    if alpha == 1:
        return tf.nn.elu(x)
    return tf.where(x > 0, x, alpha * (tf.exp(tf.minimum(x, 0)) - 1))
