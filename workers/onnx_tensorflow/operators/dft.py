"""DFT: the discrete Fourier transform along an axis, and back."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, normal, rank_of, whole
from workers.onnx_tensorflow.spectra import complex_of, fitted, parts_of


@operator("DFT", since=17)
def dft_17(
    x: tf.Tensor, dft_length: Number | None = None, *, axis: int, inverse: int, onesided: int
) -> tf.Tensor:
    """The axis is an attribute."""
    return _transformed(x, dft_length, axis, inverse=bool(inverse), onesided=bool(onesided))


@operator("DFT", since=20)
def dft(
    x: tf.Tensor,
    dft_length: Number | None = None,
    axis: Number | None = None,
    *,
    inverse: int,
    onesided: int,
) -> tf.Tensor:
    """The axis is an input: that before the last, unless said."""
    place = -2 if axis is None else int(axis)
    return _transformed(x, dft_length, place, inverse=bool(inverse), onesided=bool(onesided))


def _transformed(
    x: tf.Tensor, size: Any, axis: int, *, inverse: bool, onesided: bool
) -> tf.Tensor:
    rank = rank_of(x) - 1
    place = normal(axis, rank + 1)
    order = [*(each for each in range(rank) if each != place), place]
    back = [order.index(each) for each in range(rank)]
    numbers = tf.transpose(complex_of(x), order)
    if inverse and onesided:
        size = 2 * (length(numbers, -1) - 1) if size is None else whole(size)
        real = tf.signal.irfft(fitted(numbers, size // 2 + 1), [size])
        return tf.cast(tf.transpose(real, back)[..., None], x.dtype)
    size = length(numbers, -1) if size is None else whole(size)
    numbers = fitted(numbers, size)
    if inverse:
        found = tf.signal.ifft(numbers)
    elif onesided:
        found = tf.signal.rfft(tf.math.real(numbers))
    else:
        found = tf.signal.fft(numbers)
    return parts_of(tf.transpose(found, back), x.dtype)
