"""com.microsoft.ExpandDims: a new axis of length one."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("ExpandDims")
def expand_dims(x: tf.Tensor, axis: Number) -> tf.Tensor:
    """Counted in the result."""
    return tf.expand_dims(x, int(axis))
