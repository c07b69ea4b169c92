"""And: whether both hold."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("And", since=7, elementwise=True)
def both(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.logical_and(a, b)


@operator("And", since=1)
def both_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return tf.logical_and(a, placed(b, a, axis, broadcast))
