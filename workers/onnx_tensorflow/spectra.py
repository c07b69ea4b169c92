"""Spectra: Fourier transforms of numbers whose last axis is their real and imaginary part."""

from typing import Any

import tensorflow as tf

from workers.onnx_tensorflow.extents import length


def complex_of(x: tf.Tensor) -> tf.Tensor:
    """Without the last axis, which has 1 or 2 elements; small floats become float32."""
    wide = x if x.dtype == tf.float64 else tf.cast(x, tf.float32)
    real = wide[..., 0]
    return tf.complex(real, tf.zeros_like(real) if x.shape[-1] == 1 else wide[..., 1])


def parts_of(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Real and imaginary part as a last axis."""
    return tf.cast(tf.stack([tf.math.real(x), tf.math.imag(x)], axis=-1), dtype)


def fitted(x: tf.Tensor, size: Any) -> tf.Tensor:
    """The last axis cut, or filled up with zeros, to a length."""
    cut = x[..., :size]
    missing = size - length(cut, -1)
    return tf.pad(cut, [[0, 0]] * (x.shape.rank - 1) + [[0, missing]])
