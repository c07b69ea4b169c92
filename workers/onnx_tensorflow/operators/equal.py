"""Equal: whether two elements are the same, strings too."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Equal", since=7, elementwise=True)
def equal(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.equal(a, b)


@operator("Equal", since=1)
def equal_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return tf.equal(a, placed(b, a, axis, broadcast))
