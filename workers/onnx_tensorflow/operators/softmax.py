"""Softmax: exponentials that add up to 1."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.flattening import over_rest
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.widening import precisely


@operator("Softmax", since=13)
def softmax(x: Stored, *, axis: int) -> Laid:
    """Along one axis."""
    return x.like(precisely(lambda wide: tf.nn.softmax(wide, x.stored(axis)), x.tensor))


@operator("Softmax", since=1)
def softmax_1(x: Stored, *, axis: int) -> Laid:
    """Over all axes from that one on."""
    if axis % x.rank == x.rank - 1:
        found: Laid = softmax(x, axis=axis)
        return found
    return Laid(over_rest(tf.nn.softmax, x.plain, axis))
