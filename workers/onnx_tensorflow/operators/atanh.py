"""Atanh: the number whose hyperbolic tangent is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Atanh", elementwise=True)
def atanh(x: tf.Tensor) -> tf.Tensor:
    return tf.atanh(x)
