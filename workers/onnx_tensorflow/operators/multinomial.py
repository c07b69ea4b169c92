"""Multinomial: classes drawn by unnormalised log-probabilities."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier

INT32 = 6


@operator("Multinomial")
def multinomial(x: tf.Tensor, *, dtype: int, sample_size: int, seed: float | None) -> tf.Tensor:
    """So many for each row."""
    whole = None if seed is None else int(seed)
    drawn = tf.random.categorical(tf.cast(x, tf.float32), sample_size, seed=whole)
    return tf.cast(drawn, carrier(dtype or INT32))
