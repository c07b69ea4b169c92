"""Reciprocal: 1 / x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Reciprocal", elementwise=True)
def reciprocal(x: tf.Tensor) -> tf.Tensor:
    return tf.math.reciprocal(x)
