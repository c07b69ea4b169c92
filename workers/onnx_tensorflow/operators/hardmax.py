"""Hardmax: 1 where the first of the largest is, else 0."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.flattening import over_rest


@operator("Hardmax", since=13)
def hardmax(x: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Along one axis."""
    depth = tf.shape(x)[axis]
    return tf.ensure_shape(
        tf.one_hot(tf.argmax(x, axis), depth, axis=axis % x.shape.rank, dtype=x.dtype), x.shape
    )


@operator("Hardmax", since=1)
def hardmax_1(x: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Over all axes from that one on."""
    return over_rest(lambda flat: hardmax(flat, axis=-1), x, axis)
