"""Widening: types for which TensorFlow lacks a kernel, computed in one that has it."""

from collections.abc import Callable
from typing import Any, Final

SMALL_FLOATS: Final = ("float16", "bfloat16")


def through(dtype: Any, compute: Callable[..., Any], *tensors: Any) -> Any:
    """The result of `compute` on the tensors in that type, back in the first one's own."""
    import tensorflow as tf

    own = tensors[0].dtype
    return tf.cast(compute(*(tf.cast(each, dtype) for each in tensors)), own)


def precisely(compute: Callable[..., Any], *tensors: Any) -> Any:
    """Floats of 16 bits computed in float32; all else as it is."""
    import tensorflow as tf

    if tensors[0].dtype.name in SMALL_FLOATS:
        return through(tf.float32, compute, *tensors)
    return compute(*tensors)


def integers_through(compute: Callable[..., Any], *tensors: Any) -> Any:
    """Integers computed in int64, whose wraparound is theirs; floats as they are."""
    import tensorflow as tf

    if tensors[0].dtype.is_integer and tensors[0].dtype not in (tf.int32, tf.int64):
        return through(tf.int64, compute, *tensors)
    return compute(*tensors)


def in_floats(compute: Callable[..., Any], *tensors: Any) -> Any:
    """Integers computed in float64, floats of 16 bits in float32; all else as it is."""
    import tensorflow as tf

    if tensors[0].dtype.is_integer:
        return through(tf.float64, compute, *tensors)
    return precisely(compute, *tensors)
