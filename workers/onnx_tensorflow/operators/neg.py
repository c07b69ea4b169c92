"""Neg: the same number on the other side of zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Neg", elementwise=True)
def neg(x: tf.Tensor) -> tf.Tensor:
    return tf.negative(x)
