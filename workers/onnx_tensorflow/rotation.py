"""Rotation of features by their position, for RotaryEmbedding and its like."""

from typing import Any

from workers.onnx_tensorflow.extents import lengths, reshaped


def heads_last(x: Any, heads: int) -> Any:
    """(batch, length, heads * size) as (batch, length, heads, size)."""
    batch, steps, width = lengths(x)
    return reshaped(x, [batch, steps, heads, width // heads])


def rotated(x: Any, cos: Any, sin: Any, size: int | None, *, interleaved: bool) -> Any:
    """The first `size` features of each head turned, 0 or None for all; the others as they are.

    Args:
        x: (batch, length, heads, features).
        cos, sin: (batch, length, size / 2).
        interleaved: a pair are neighbours; else they are as far apart as the halves.
    """
    import tensorflow as tf

    whole = x.shape[3]
    size = size or whole
    turning, kept = x[..., :size], x[..., size:]
    cos, sin = (tf.expand_dims(each, 2) for each in (cos, sin))
    if interleaved:
        one, other = turning[..., 0::2], turning[..., 1::2]
    else:
        one, other = tf.split(turning, 2, -1)
    real, imaginary = cos * one - sin * other, sin * one + cos * other
    if interleaved:
        turned = reshaped(tf.stack([real, imaginary], -1), [*lengths(x)[:3], size])
    else:
        turned = tf.concat([real, imaginary], -1)
    return turned if size == whole else tf.concat([turned, kept], -1)
