"""Sorting: the order of a tensor's parts along an axis."""

import tensorflow as tf

from workers.onnx_tensorflow.extents import length, rank_of


def lexicographic(x: tf.Tensor, axis: int) -> tf.Tensor:
    """Indices of the parts along `axis` in ascending order; the first element counts most."""
    others = [each for each in range(rank_of(x)) if each != axis]
    keys = tf.reshape(tf.transpose(_numbers(x), [*others, axis]), [-1, tf.shape(x)[axis]])

    def finer(row: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        places = tf.argsort(tf.gather(keys[row], order), stable=True)
        return row - 1, tf.gather(order, places)

    start = tf.shape(keys)[0] - 1, tf.range(length(x, axis))
    return tf.while_loop(lambda row, _: row >= 0, finer, start)[1]


def _numbers(x: tf.Tensor) -> tf.Tensor:
    """In the same order, in a type that can be sorted."""
    return tf.cast(x, tf.int32) if x.dtype == tf.bool else x
