"""CumProd: running products along an axis."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("CumProd", since=26)
def cumprod(x: Stored, axis: Number, *, exclusive: int, reverse: int) -> Laid:
    found = tf.math.cumprod(x.tensor, x.stored(axis), bool(exclusive), bool(reverse))
    return x.like(found)
