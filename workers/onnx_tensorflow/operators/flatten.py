"""Flatten: two axes, those before and those from an axis on."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, normal, product, reshaped


@operator("Flatten")
def flatten(x: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Axis 0 leaves one row."""
    sizes = lengths(x)
    axis = normal(axis, len(sizes))
    return reshaped(x, [product(sizes[:axis]), product(sizes[axis:])])
