"""Add: a + b; strings have an operator of their own."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Add", since=7, elementwise=True)
def add(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return a + b


@operator("Add", since=1)
def add_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return a + placed(b, a, axis, broadcast)
