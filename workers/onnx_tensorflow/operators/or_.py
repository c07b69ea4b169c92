"""Or: whether one holds."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Or", since=7, elementwise=True)
def either(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.logical_or(a, b)


@operator("Or", since=1)
def either_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return tf.logical_or(a, placed(b, a, axis, broadcast))
