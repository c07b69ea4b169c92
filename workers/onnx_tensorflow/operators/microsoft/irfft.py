"""com.microsoft.Irfft: the real signals of one-sided Fourier transforms."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.spectra import complex_of


@operator("Irfft")
def irfft(x: tf.Tensor, *, normalized: int | None, signal_ndim: int | None) -> tf.Tensor:
    """Complex numbers are a last axis of two; the signals have an even length."""
    if normalized:
        raise CannotTranslate("divides by the root of the length", hint="Set normalized to 0.")
    transforms = {1: tf.signal.irfft, 2: tf.signal.irfft2d, 3: tf.signal.irfft3d}
    return tf.cast(transforms[signal_ndim or 1](complex_of(x)), x.dtype)
