"""com.microsoft.Unique: each element of a vector once, in the order in which they first come."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.unique import unique as found


@operator("Unique")
def unique(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """With the place of each element among them, and how often each is there."""
    values, _, places, counts = found(x, axis=None, sorted=0)
    return values, places, counts
