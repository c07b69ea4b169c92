"""LpNormalization: divided by the p-norm along an axis."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("LpNormalization")
def lpnormalization(x: Stored, *, axis: int, p: int) -> Laid:
    """What has the norm 0 stays 0."""
    place, tensor = x.stored(axis), x.tensor
    if p == 1:
        norm = tf.reduce_sum(tf.abs(tensor), place, keepdims=True)
    else:
        norm = tf.sqrt(tf.reduce_sum(tf.square(tensor), place, keepdims=True))
    return x.like(tf.math.divide_no_nan(tensor, norm))
