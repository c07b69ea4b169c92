"""Acosh: the number whose hyperbolic cosine is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Acosh", elementwise=True)
def acosh(x: tf.Tensor) -> tf.Tensor:
    return tf.acosh(x)
