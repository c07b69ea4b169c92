"""PRelu: x, and slope * x below zero; the slope may differ by channel."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, aligned
from workers.onnx_tensorflow.widening import integers_through


@operator("PRelu", since=7, elementwise=True)
def prelu(x: tf.Tensor, slope: tf.Tensor) -> tf.Tensor:
    return tf.where(x < tf.zeros([], x.dtype), integers_through(tf.multiply, x, slope), x)


@operator("PRelu", since=1)
def prelu_1(x: Stored, slope: Stored) -> Laid:
    """A slope of one axis is one for each channel."""
    if slope.rank == 1 and slope.array is not None and slope.array.size > 1:
        slope = Laid(None, array=slope.array.reshape(-1, *[1] * (x.rank - 2)), name=slope.name)
    (wide, by), order = aligned([x, slope])
    return Laid(prelu(wide, by), order)
