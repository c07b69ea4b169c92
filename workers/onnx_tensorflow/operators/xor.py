"""Xor: whether exactly one holds."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Xor", since=7, elementwise=True)
def xor(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.not_equal(a, b)


@operator("Xor", since=1)
def xor_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return tf.not_equal(a, placed(b, a, axis, broadcast))
