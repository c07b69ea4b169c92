"""Reshape: the same elements in another shape."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, length, reshaped, shape_of


@operator("Reshape", since=1)
def reshape_1(x: tf.Tensor, *, shape: list[int]) -> tf.Tensor:
    """The shape is an attribute."""
    return reshape(x, shape, allowzero=0)


@operator("Reshape", since=5)
def reshape(x: tf.Tensor, shape: Ints, *, allowzero: int | None) -> tf.Tensor:
    """0 copies the length of that axis, unless `allowzero`; -1 is worked out."""
    kept = [
        length(x, axis) if are_known([each]) and each == 0 and not allowzero else each
        for axis, each in enumerate(shape)
    ]
    left = any(are_known([each]) and each == -1 for each in kept)
    return tf.reshape(x, shape_of(kept)) if left else reshaped(x, kept)
