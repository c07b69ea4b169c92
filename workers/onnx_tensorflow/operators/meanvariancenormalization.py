"""MeanVarianceNormalization: the mean taken off, divided by the deviation."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("MeanVarianceNormalization", since=9)
def meanvariancenormalization(x: Stored, *, axes: list[int]) -> Laid:
    places = sorted(x.stored(axis) for axis in axes)
    apart = x.tensor - tf.reduce_mean(x.tensor, places, keepdims=True)
    deviation = tf.sqrt(tf.reduce_mean(tf.square(apart), places, keepdims=True))
    return x.like(apart / (deviation + 1e-9))
