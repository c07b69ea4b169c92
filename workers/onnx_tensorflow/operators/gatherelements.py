"""GatherElements: for each index the element in the same place but along an axis."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of
from workers.onnx_tensorflow.indices import along


@operator("GatherElements")
def gather_elements(x: tf.Tensor, indices: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Negative indices count from the end."""
    return tf.gather_nd(x, along(x, indices, normal(axis, rank_of(x))))
