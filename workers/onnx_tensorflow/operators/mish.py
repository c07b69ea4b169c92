"""Mish: x * tanh(softplus(x))."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Mish", elementwise=True)
def mish(x: tf.Tensor) -> tf.Tensor:
    return x * tf.tanh(tf.math.softplus(x))
