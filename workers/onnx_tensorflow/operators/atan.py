"""Atan: the angle whose tangent is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Atan", elementwise=True)
def atan(x: tf.Tensor) -> tf.Tensor:
    return tf.atan(x)
