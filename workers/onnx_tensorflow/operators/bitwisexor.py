"""BitwiseXor: the bits that exactly one of them has."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BitwiseXor", since=18, elementwise=True)
def bitwisexor(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(a, b)
