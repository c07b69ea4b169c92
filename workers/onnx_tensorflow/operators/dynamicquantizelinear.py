"""DynamicQuantizeLinear: as uint8, by the range of what is there."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("DynamicQuantizeLinear", since=11)
def dynamicquantizelinear(x: Stored) -> tuple[Laid, tf.Tensor, tf.Tensor]:
    """The range always has zero in it."""
    low = tf.minimum(tf.reduce_min(x.tensor), 0)
    high = tf.maximum(tf.reduce_max(x.tensor), 0)
    scale = (high - low) / 255
    safe = tf.where(tf.equal(scale, 0), tf.ones([]), scale)
    zero = tf.clip_by_value(tf.round(-low / safe), 0, 255)
    whole = tf.clip_by_value(tf.round(x.tensor / safe) + zero, 0, 255)
    return x.like(tf.cast(whole, tf.uint8)), scale, tf.cast(zero, tf.uint8)
