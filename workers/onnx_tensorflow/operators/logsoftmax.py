"""LogSoftmax: the logarithm of exponentials that add up to 1."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.flattening import over_rest
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.widening import precisely


@operator("LogSoftmax", since=13)
def logsoftmax(x: Stored, *, axis: int) -> Laid:
    """Along one axis."""
    return x.like(precisely(lambda wide: tf.nn.log_softmax(wide, x.stored(axis)), x.tensor))


@operator("LogSoftmax", since=1)
def logsoftmax_1(x: Stored, *, axis: int) -> Laid:
    """Over all axes from that one on."""
    if axis % x.rank == x.rank - 1:
        found: Laid = logsoftmax(x, axis=axis)
        return found
    return Laid(over_rest(tf.nn.log_softmax, x.plain, axis))
