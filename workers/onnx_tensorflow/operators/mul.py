"""Mul: a * b."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Mul", since=7, elementwise=True)
def mul(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return a * b


@operator("Mul", since=1)
def mul_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return a * placed(b, a, axis, broadcast)
