"""Asin: the angle whose sine is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Asin", elementwise=True)
def asin(x: tf.Tensor) -> tf.Tensor:
    return tf.asin(x)
