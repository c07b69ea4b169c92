"""Trilu: the upper or the lower triangle of matrices."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, whole


@operator("Trilu")
def trilu(x: tf.Tensor, k: Number | None = None, *, upper: int) -> tf.Tensor:
    """From the k-th diagonal on; zero elsewhere."""
    diagonal = 0 if k is None else whole(k)
    ahead = tf.range(length(x, -1))[None, :] - tf.range(length(x, -2))[:, None]
    kept = ahead >= diagonal if upper else ahead <= diagonal
    return tf.where(kept, x, tf.zeros([], x.dtype))
