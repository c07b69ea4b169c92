"""Skipping: norms of a sum of what was computed and what went past it."""

from typing import Any, Final

from workers.onnx_tensorflow.normalising import standardised

LEAST: Final = 1e-12
"""ONNX Runtime's epsilon for these, where a node has none."""


def layer_norm(x: Any, scale: Any, bias: Any | None, epsilon: float) -> tuple[Any, Any, Any]:
    """Along the last axis, in float32 at least; the mean and 1 / deviation beside it."""
    import tensorflow as tf

    normal, mean, inverse = standardised(_wide(x), [-1], epsilon)
    found = tf.cast(normal, x.dtype) * scale
    return found if bias is None else found + bias, mean, inverse


def root_mean_square_norm(x: Any, scale: Any, epsilon: float) -> tuple[Any, Any]:
    """Along the last axis, and 1 / root beside it."""
    import tensorflow as tf

    wide = _wide(x)
    inverse = tf.math.rsqrt(tf.reduce_mean(tf.square(wide), -1, keepdims=True) + epsilon)
    return tf.cast(wide * inverse, x.dtype) * scale, inverse


def _wide(x: Any) -> Any:
    import tensorflow as tf

    return tf.cast(x, tf.float32) if x.dtype in (tf.float16, tf.bfloat16) else x
