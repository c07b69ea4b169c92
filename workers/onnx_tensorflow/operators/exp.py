"""Exp: e to the power of x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Exp", elementwise=True)
def exp(x: tf.Tensor) -> tf.Tensor:
    return tf.exp(x)
