"""Sigmoid: 1 / (1 + exp(-x))."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sigmoid", elementwise=True)
def sigmoid(x: tf.Tensor) -> tf.Tensor:
    return tf.sigmoid(x)
