"""com.microsoft.Irfft: the real signals of one-sided Fourier transforms."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Irfft")
def irfft(x: Tensor, *, normalized: int | None, signal_ndim: int | None) -> Tensor:
    """Complex numbers are a last axis of two; the signals have an even length."""
    axes = list(range(-(signal_ndim or 1), 0))
    spectrum = torch.view_as_complex(x.contiguous())
    return torch.fft.irfftn(spectrum, dim=axes, norm="ortho" if normalized else None)
