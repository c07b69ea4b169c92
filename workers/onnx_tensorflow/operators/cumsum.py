"""CumSum: running sums along an axis."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("CumSum", since=11)
def cumsum(x: Stored, axis: Number, *, exclusive: int, reverse: int) -> Laid:
    return x.like(tf.cumsum(x.tensor, x.stored(axis), bool(exclusive), bool(reverse)))
