"""STFT: Fourier transforms of frames of a signal, one every so many samples."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("STFT")
def stft(
    signal: Tensor,
    frame_step: Number,
    window: Tensor | None = None,
    frame_length: Number | None = None,
    *,
    onesided: int,
) -> Tensor:
    """(batch, samples, 1 or 2) becomes (batch, frames, frequencies, 2)."""
    if frame_length is None:
        frame_length = signal.shape[1] if window is None else window.shape[0]
    real = signal.ndim == 2 or signal.shape[-1] == 1  # noqa: PLR2004
    samples = signal.reshape(signal.shape[0], -1) if real else torch.view_as_complex(signal)
    frames = samples.unfold(1, frame_length, frame_step)
    weighed = frames if window is None else frames * window
    if real and onesided:
        return torch.view_as_real(torch.fft.rfft(weighed))
    whole = torch.fft.fft(weighed)
    return torch.view_as_real(whole[..., : frame_length // 2 + 1] if onesided else whole)
