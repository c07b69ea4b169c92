"""Clip: no less than one number, no more than another."""

import tensorflow as tf

from workers.onnx_graph.registry import operator

SIX = 6


@operator("Clip", since=11, elementwise=True)
def clip(x: tf.Tensor, low: tf.Tensor | None = None, high: tf.Tensor | None = None) -> tf.Tensor:
    """From 0 to 6 it is what TensorFlow fuses into what is before it."""
    if x.dtype.is_floating and (_is(low, 0) and _is(high, SIX)):
        return tf.nn.relu6(x)
    if x.dtype.is_floating and high is None and _is(low, 0):
        return tf.nn.relu(x)
    if low is not None:
        x = tf.maximum(x, low)
    return x if high is None else tf.minimum(x, high)


@operator("Clip", since=1, elementwise=True)
def clip_1(x: tf.Tensor, *, min: float | None, max: float | None) -> tf.Tensor:
    """The bounds are attributes."""
    low = None if min is None else tf.constant(min, x.dtype)
    return clip(x, low, None if max is None else tf.constant(max, x.dtype))


def _is(bound: tf.Tensor | None, number: float) -> bool:
    static = None if bound is None else tf.get_static_value(bound)
    return static is not None and bool((static == number).all())
