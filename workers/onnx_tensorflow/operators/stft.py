"""STFT: the Fourier transforms of the frames of a signal."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, whole
from workers.onnx_tensorflow.spectra import complex_of, parts_of


@operator("STFT")
def stft(
    signal: tf.Tensor,
    frame_step: Number,
    window: tf.Tensor | None = None,
    frame_length: Number | None = None,
    *,
    onesided: int,
) -> tf.Tensor:
    """(batch, length, 1 or 2) to (batch, frames, bins, 2)."""
    real = signal.shape.rank == 2 or signal.shape[-1] == 1  # noqa: PLR2004 - without parts
    numbers = complex_of(signal[..., None] if signal.shape.rank == 2 else signal)  # noqa: PLR2004
    if frame_length is not None:
        size = whole(frame_length)
    else:
        size = length(numbers, 1) if window is None else length(window, 0)
    frames = tf.signal.frame(numbers, size, whole(frame_step))
    if window is not None:
        frames = frames * tf.cast(window, frames.dtype)
    if onesided and real:
        return parts_of(tf.signal.rfft(tf.math.real(frames)), signal.dtype)
    return parts_of(tf.signal.fft(frames), signal.dtype)
