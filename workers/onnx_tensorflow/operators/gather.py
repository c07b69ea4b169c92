"""Gather: parts of a tensor along an axis, by their indices."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.indices import from_front


@operator("Gather")
def gather(x: tf.Tensor, indices: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Negative indices count from the end."""
    return tf.gather(x, from_front(indices, length(x, axis)), axis=axis)
