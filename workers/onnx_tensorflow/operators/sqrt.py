"""Sqrt: the square root."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sqrt", elementwise=True)
def sqrt(x: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(x)
