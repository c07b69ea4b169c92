"""Size: how many elements a tensor has."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Size")
def size(x: tf.Tensor) -> tf.Tensor:
    """A scalar of int64."""
    return tf.size(x, out_type=tf.int64)
