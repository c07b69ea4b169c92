"""com.microsoft.Rfft: the one-sided Fourier transform of real signals along the last axes."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.spectra import parts_of


@operator("Rfft")
def rfft(x: tf.Tensor, *, normalized: int | None, signal_ndim: int | None) -> tf.Tensor:
    """Complex numbers are a last axis of two."""
    if normalized:
        raise CannotTranslate("divides by the root of the length", hint="Set normalized to 0.")
    transforms = {1: tf.signal.rfft, 2: tf.signal.rfft2d, 3: tf.signal.rfft3d}
    wide = x if x.dtype == tf.float64 else tf.cast(x, tf.float32)
    return parts_of(transforms[signal_ndim or 1](wide), x.dtype)
