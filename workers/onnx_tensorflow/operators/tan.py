"""Tan: the tangent of an angle in radians."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Tan", elementwise=True)
def tan(x: tf.Tensor) -> tf.Tensor:
    return tf.tan(x)
