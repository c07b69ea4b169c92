"""BitwiseAnd: the bits that both have."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BitwiseAnd", since=18, elementwise=True)
def bitwiseand(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_and(a, b)
