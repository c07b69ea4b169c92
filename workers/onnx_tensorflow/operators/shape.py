"""Shape: the lengths of a tensor's axes."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Shape")
def shape(x: tf.Tensor, *, start: int | None, end: int | None) -> tf.Tensor:
    """From an axis to another, from version 15 on."""
    return tf.shape(x, out_type=tf.int64)[start or 0 : end]
