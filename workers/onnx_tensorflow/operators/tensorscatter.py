"""TensorScatter: new entries written into a cache, from a place of its own for each row."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length


@operator("TensorScatter", since=24)
def tensorscatter(
    past: tf.Tensor,
    update: tf.Tensor,
    starts: tf.Tensor | None = None,
    *,
    axis: int,
    mode: str,
) -> tf.Tensor:
    """In a circular cache what goes beyond the end goes on at the start."""
    axis = axis % past.shape.rank
    order = [0, axis, *(each for each in range(1, past.shape.rank) if each != axis)]
    back = [order.index(each) for each in range(past.shape.rank)]
    batch, count = length(past, 0), length(update, axis)
    begin = tf.zeros([batch], tf.int32) if starts is None else tf.cast(starts, tf.int32)
    places = begin[:, tf.newaxis] + tf.range(count)
    if mode == "circular":
        places %= length(past, axis)
    rows = tf.broadcast_to(tf.range(batch)[:, tf.newaxis], tf.shape(places))
    where = tf.stack([rows, places], -1)
    found = tf.tensor_scatter_nd_update(
        tf.transpose(past, order), where, tf.transpose(update, order)
    )
    return tf.transpose(found, back)
