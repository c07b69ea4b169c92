"""Softplus: log(exp(x) + 1)."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Softplus", elementwise=True)
def softplus(x: tf.Tensor) -> tf.Tensor:
    return tf.math.softplus(x)
