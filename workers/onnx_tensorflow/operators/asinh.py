"""Asinh: the number whose hyperbolic sine is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Asinh", elementwise=True)
def asinh(x: tf.Tensor) -> tf.Tensor:
    return tf.asinh(x)
