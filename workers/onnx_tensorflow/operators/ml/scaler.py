"""Scaler: features moved and stretched."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Scaler")
def scaler(x: tf.Tensor, *, offset: list[float], scale: list[float]) -> tf.Tensor:
    """(x - offset) * scale, as float32."""
    moved = tf.cast(x, tf.float32) - tf.constant(offset, tf.float32)
    return moved * tf.constant(scale, tf.float32)
