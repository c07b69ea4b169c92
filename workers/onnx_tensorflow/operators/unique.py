"""Unique: every value, or every part along an axis, once."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, normal, rank_of
from workers.onnx_tensorflow.sorting import lexicographic


@operator("Unique")
def unique(
    x: tf.Tensor,
    *,
    axis: int | None,
    sorted: int,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """With the place of the first of each, the place among them of each, and their counts."""
    x = tf.reshape(x, [-1]) if axis is None else x
    axis = normal(axis or 0, rank_of(x))
    found, inverse, counts = tf.raw_ops.UniqueWithCountsV2(x=x, axis=[axis], out_idx=tf.int64)
    places = tf.range(tf.cast(length(x, axis), tf.int64))
    first = tf.math.unsorted_segment_min(places, inverse, tf.size(counts))
    if sorted:
        order = lexicographic(found, axis)
        found, first, counts = (
            tf.gather(found, order, axis=axis),
            tf.gather(first, order),
            tf.gather(counts, order),
        )
        inverse = tf.gather(tf.cast(tf.argsort(order), tf.int64), inverse)
    return found, first, inverse, counts
