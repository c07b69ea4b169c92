"""Normalizer: rows of one length."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator


@operator("Normalizer")
def normalizer(x: tf.Tensor, *, norm: str) -> tf.Tensor:
    """As float32; a row of zeros stays as it is."""
    wide = tf.cast(x, tf.float32)
    match norm:
        case "MAX":
            size = tf.reduce_max(wide, axis=-1, keepdims=True)
        case "L1":
            size = tf.reduce_sum(tf.abs(wide), axis=-1, keepdims=True)
        case "L2":
            size = tf.norm(wide, axis=-1, keepdims=True)
        case _:
            raise CannotTranslate(f"knows no norm {norm!r}")
    return tf.where(tf.equal(size, 0), wide, wide / size)
