"""BitwiseOr: the bits that one of them has."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BitwiseOr", since=18, elementwise=True)
def bitwiseor(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_or(a, b)
