"""Sinh: the hyperbolic sine."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sinh", elementwise=True)
def sinh(x: tf.Tensor) -> tf.Tensor:
    return tf.sinh(x)
