"""Requantising: quantised numbers computed with as floats, and quantised anew."""

from typing import Any


def real(x: Any, scale: Any, zero: Any | None) -> Any:
    """What quantised numbers of one scale stand for, in float32."""
    import tensorflow as tf

    wide = tf.cast(x, tf.float32)
    if zero is not None:
        wide -= tf.cast(single(zero), tf.float32)
    return wide * tf.cast(single(scale), tf.float32)


def requantised(x: Any, scale: Any, zero: Any | None, dtype: Any) -> Any:
    """Divided by a scale and rounded to the integers of a type of TensorFlow's."""
    import tensorflow as tf

    whole = tf.round(x / tf.cast(single(scale), x.dtype))
    if zero is not None:
        whole += tf.cast(single(zero), x.dtype)
    return tf.cast(tf.clip_by_value(whole, float(dtype.min), float(dtype.max)), dtype)


def single(x: Any) -> Any:
    """The one number of a tensor, without axes."""
    import tensorflow as tf

    return x if x.shape.rank == 0 else tf.reshape(x, [])
