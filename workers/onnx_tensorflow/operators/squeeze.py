"""Squeeze: without axes of length 1."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator


@operator("Squeeze", since=1)
def squeeze_1(x: tf.Tensor, *, axes: list[int] | None) -> tf.Tensor:
    """The axes are an attribute."""
    return squeeze(x, axes)


@operator("Squeeze", since=13)
def squeeze(x: tf.Tensor, axes: Ints | None = None) -> tf.Tensor:
    """Those axes, else all whose length is 1; no axes at all are none to take away."""
    if axes is not None and not len(axes):
        return x
    return tf.squeeze(x, None if axes is None else [int(axis) for axis in axes])
