"""Cosh: the hyperbolic cosine."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Cosh", elementwise=True)
def cosh(x: tf.Tensor) -> tf.Tensor:
    return tf.cosh(x)
