"""Unsqueeze: with more axes of length 1."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of


@operator("Unsqueeze", since=1)
def unsqueeze_1(x: tf.Tensor, *, axes: list[int]) -> tf.Tensor:
    """The axes are an attribute."""
    return unsqueeze(x, axes)


@operator("Unsqueeze", since=13)
def unsqueeze(x: tf.Tensor, axes: Ints) -> tf.Tensor:
    """The axes are those of the result."""
    rank = rank_of(x) + len(axes)
    for axis in sorted(normal(int(each), rank) for each in axes):
        x = tf.expand_dims(x, axis)
    return x
