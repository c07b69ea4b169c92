"""Compress: the parts of a tensor whose condition holds."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Compress")
def compress(x: tf.Tensor, condition: tf.Tensor, *, axis: int | None) -> tf.Tensor:
    """Of its elements, unless an axis is said; a condition that ends early leaves out the rest."""
    kept = tf.where(tf.reshape(condition, [-1]))[:, 0]
    if axis is None:
        return tf.gather(tf.reshape(x, [-1]), kept)
    return tf.gather(x, kept, axis=axis)
