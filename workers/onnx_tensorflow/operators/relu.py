"""Relu: x where it is positive, else 0."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Relu", elementwise=True)
def relu(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.relu(x)
