"""Dropout: what is left of x in training; x itself at inference."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("Dropout", since=12)
def dropout(
    x: Stored, ratio: Number | None = None, training: Number | None = None, *, seed: int | None
) -> tuple[Laid, Laid]:
    """The second output says what is left."""
    share = 0.5 if ratio is None else float(ratio)
    tensor = x.tensor
    if not training or share == 0:
        return x, x.like(tf.ones_like(tensor, tf.bool))
    drawn = tf.random.uniform(tf.shape(tensor), seed=seed)
    left = drawn >= share
    scaled = tensor * tf.cast(1 / (1 - share), tensor.dtype)
    return x.like(tf.where(left, scaled, tf.zeros([], tensor.dtype))), x.like(left)


@operator("Dropout", since=7)
def dropout_7(x: Stored) -> tuple[Laid, Laid]:
    """Of no effect at inference."""
    return x, x.like(tf.ones_like(x.tensor, tf.bool))


@operator("Dropout", since=1)
def dropout_1(x: Stored, *, is_test: int | None, ratio: float) -> tuple[Laid, Laid]:
    """Whether it is training is an attribute."""
    if is_test or is_test is None:
        return x, x.like(tf.ones_like(x.tensor))
    found, left = dropout(x, ratio, 1, seed=None)
    return found, x.like(tf.cast(left.tensor, x.dtype))
