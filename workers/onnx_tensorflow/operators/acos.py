"""Acos: the angle whose cosine is x."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Acos", elementwise=True)
def acos(x: tf.Tensor) -> tf.Tensor:
    return tf.acos(x)
