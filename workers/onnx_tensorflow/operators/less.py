"""Less: a < b."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Less", since=7, elementwise=True)
def less(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return a < b


@operator("Less", since=1)
def less_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return a < placed(b, a, axis, broadcast)
