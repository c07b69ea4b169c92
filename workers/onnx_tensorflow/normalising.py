"""Normalising: means taken off, in units of the deviation."""

from collections.abc import Sequence
from typing import Any

from workers.onnx_tensorflow.layout import Laid, aligned


def by_channel(x: Laid, told: Sequence[Laid], epsilon: float) -> Laid:
    """One multiplication and one addition a channel, which TensorFlow folds into a convolution
    before them. Factors of constants are worked out on the host.

    Args:
        told: scale, bias, mean and variance, each a vector.
    """
    known = all(each.array is not None for each in told)
    factor, offset = (_on_the_host if known else _in_the_graph)(told, epsilon, x.dtype)
    ones = [1] * (x.rank - 2)
    (wide, by, plus), order = aligned([x, _columns(factor, ones), _columns(offset, ones)])
    return Laid(wide * by + plus, order)


def _on_the_host(told: Sequence[Laid], epsilon: float, dtype: Any) -> tuple[Laid, Laid]:
    import numpy as np

    scale, bias, mean, variance = (each.array.astype(np.float64) for each in told)
    factor = scale / np.sqrt(variance + epsilon)
    offset = bias - mean * factor
    kind = dtype.as_numpy_dtype
    return (
        Laid(None, array=factor.astype(kind), name=told[0].name),
        Laid(None, array=offset.astype(kind), name=told[1].name),
    )


def _in_the_graph(told: Sequence[Laid], epsilon: float, dtype: Any) -> tuple[Laid, Laid]:
    import tensorflow as tf

    scale, bias, mean, variance = (each.plain for each in told)
    wide = variance.dtype
    factor = tf.cast(scale, wide) * tf.math.rsqrt(variance + tf.cast(epsilon, wide))
    offset = tf.cast(bias, wide) - tf.cast(mean, wide) * factor
    return Laid(tf.cast(factor, dtype)), Laid(tf.cast(offset, dtype))


def _columns(vector: Laid, ones: Sequence[int]) -> Laid:
    """(C) as (C, 1, ...)."""
    if vector.array is not None:
        return Laid(None, array=vector.array.reshape(-1, *ones), name=vector.name)
    import tensorflow as tf

    return Laid(tf.reshape(vector.plain, [-1, *ones]))


def standardised(x: Any, axes: Sequence[int], epsilon: float) -> tuple[Any, Any, Any]:
    """With mean 0 and variance 1 over those axes of what is stored; the mean, 1 / deviation."""
    import tensorflow as tf

    middle = tf.reduce_mean(x, axes, keepdims=True)
    apart = x - middle
    inverse = tf.math.rsqrt(tf.reduce_mean(tf.square(apart), axes, keepdims=True) + epsilon)
    return apart * inverse, middle, inverse


def by_root_mean_square(x: Any, axes: Sequence[int], epsilon: float) -> Any:
    """Divided by the root of the mean of squares over those axes of what is stored."""
    import tensorflow as tf

    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), axes, keepdims=True) + epsilon)


def scaled_by_channel(x: Laid, scale: Laid, bias: Laid) -> Laid:
    """Times one vector and plus another, both along the channels."""
    ones = [1] * (x.rank - 2)
    (wide, by, plus), order = aligned([x, _columns(scale, ones), _columns(bias, ones)])
    return Laid(wide * by + plus, order)


def to_channels(vector: Laid, times: Any) -> Laid:
    """One number for each group, repeated for each of its channels."""
    import tensorflow as tf

    return Laid(tf.repeat(vector.plain, times, 0))


def grouped(x: Laid, groups: int, epsilon: float) -> Laid:
    """Groups of channels of each sample by their own statistics, wherever channels are stored."""
    import tensorflow as tf

    from workers.onnx_tensorflow.extents import lengths, reshaped

    place, sizes = x.stored(1), lengths(x.tensor)
    split = [*sizes[:place], groups, sizes[place] // groups, *sizes[place + 1 :]]
    axes = [axis for axis in range(x.rank + 1) if axis not in (x.stored(0), place)]
    wide = tf.float64 if x.dtype == tf.float64 else tf.float32
    normal = standardised(reshaped(tf.cast(x.tensor, wide), split), axes, epsilon)[0]
    return x.like(tf.cast(reshaped(normal, sizes), x.dtype))
