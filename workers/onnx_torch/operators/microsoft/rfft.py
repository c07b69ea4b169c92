"""com.microsoft.Rfft: the one-sided Fourier transform of real signals along the last axes."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Rfft")
def rfft(x: Tensor, *, normalized: int | None, signal_ndim: int | None) -> Tensor:
    """Complex numbers are a last axis of two."""
    axes = list(range(-(signal_ndim or 1), 0))
    return torch.view_as_real(torch.fft.rfftn(x, dim=axes, norm="ortho" if normalized else None))
