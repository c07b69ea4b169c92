"""GroupNormalization: groups of channels by their own statistics."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.normalising import grouped, scaled_by_channel, to_channels


@operator("GroupNormalization", since=21)
def groupnormalization(
    x: Stored, scale: Stored, bias: Stored, *, epsilon: float, num_groups: int
) -> Laid:
    """A scale and a bias for each channel."""
    return scaled_by_channel(grouped(x, num_groups, epsilon), scale, bias)


@operator("GroupNormalization", since=18)
def groupnormalization_18(
    x: Stored, scale: Stored, bias: Stored, *, epsilon: float, num_groups: int
) -> Laid:
    """A scale and a bias for each group."""
    times = tf.shape(x.tensor)[x.stored(1)] // num_groups
    told = [to_channels(each, times) for each in (scale, bias)]
    return scaled_by_channel(grouped(x, num_groups, epsilon), *told)
