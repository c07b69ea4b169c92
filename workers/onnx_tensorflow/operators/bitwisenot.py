"""BitwiseNot: every bit turned over."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BitwiseNot", elementwise=True)
def bitwisenot(x: tf.Tensor) -> tf.Tensor:
    return tf.bitwise.invert(x)
