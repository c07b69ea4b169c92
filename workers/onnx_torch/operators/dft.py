"""DFT: the discrete Fourier transform along an axis; complex numbers are a last axis of two."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("DFT", since=17)
def dft_17(
    x: Tensor, dft_length: Number | None = None, *, axis: int, inverse: int, onesided: int
) -> Tensor:
    """The axis is an attribute."""
    return dft(x, dft_length, axis, inverse=inverse, onesided=onesided)


@operator("DFT", since=20)
def dft(
    x: Tensor,
    dft_length: Number | None = None,
    axis: Number | None = None,
    *,
    inverse: int,
    onesided: int,
) -> Tensor:
    """One-sided is what torch calls real: half of the frequencies tell the rest."""
    along = (-2 if axis is None else int(axis)) % x.ndim
    whole = x.float() if x.dtype.itemsize < 4 else x  # noqa: PLR2004 - torch has no 16-bit transforms
    return _transformed(whole, dft_length, along, inverse, onesided).to(x.dtype)


def _transformed(x: Tensor, length: Any, axis: int, inverse: int, onesided: int) -> Tensor:
    real = x.shape[-1] == 1
    signal = x.squeeze(-1) if real else torch.view_as_complex(x.contiguous())
    if inverse and onesided:
        return torch.fft.irfft(signal, length, axis).unsqueeze(-1)
    if inverse:
        return torch.view_as_real(torch.fft.ifft(signal, length, axis))
    if onesided and real:
        return torch.view_as_real(torch.fft.rfft(signal, length, axis))
    whole = torch.fft.fft(signal, length, axis)
    kept = whole.narrow(axis, 0, whole.shape[axis] // 2 + 1) if onesided else whole
    return torch.view_as_real(kept)
