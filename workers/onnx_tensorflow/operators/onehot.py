"""OneHot: an axis of its own for an index, on at its place and off elsewhere."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of, whole


@operator("OneHot")
def one_hot(indices: tf.Tensor, depth: Number, values: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Negative indices count from the end; those out of range are off everywhere."""
    depth = whole(depth)
    places = tf.cast(indices, tf.int64)
    places = tf.where(places < 0, places + tf.cast(depth, tf.int64), places)
    return tf.one_hot(
        places,
        depth,
        on_value=values[1],
        off_value=values[0],
        axis=normal(axis, rank_of(indices) + 1),
        dtype=values.dtype,
    )
