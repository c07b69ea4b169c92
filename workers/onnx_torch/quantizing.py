"""Quantizing: floats as multiples of a scale, in few bits."""

from typing import Final

import torch
from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.minifloats import CARRIED, FLOATS_8, carried, float8

RANGES: Final[dict[int, tuple[int, int]]] = {
    TensorProto.UINT8: (0, 255),
    TensorProto.INT8: (-128, 127),
    TensorProto.UINT16: (0, 65535),
    TensorProto.INT16: (-32768, 32767),
    TensorProto.UINT4: (0, 15),
    TensorProto.INT4: (-8, 7),
    TensorProto.UINT2: (0, 3),
    TensorProto.INT2: (-2, 1),
}
"""By ONNX's type: the least and the greatest of it."""

BY_DTYPE: Final[dict[torch.dtype, int]] = {
    torch.uint8: TensorProto.UINT8,
    torch.int8: TensorProto.INT8,
    torch.uint16: TensorProto.UINT16,
    torch.int16: TensorProto.INT16,
}


def number(x: Tensor) -> Tensor:
    """A quantized value, a zero point or a scale as a float that can be computed with."""
    return x if x.dtype in {torch.float32, torch.float64} else x.to(torch.float32)


def quantized(x: Tensor, zero: Tensor | None, to: int, saturate: int | None = 1) -> Tensor:
    """Multiples of a scale, rounded to even, moved by the zero point, and held in their range."""
    if to in FLOATS_8:
        return float8(x, to, 1 if saturate is None else saturate)
    if to in CARRIED:
        return carried(x if zero is None else number(x) + number(zero), to)
    if to not in RANGES:
        raise CannotTranslate(f"quantizes to {TensorProto.DataType.Name(to)}, which ONNX does not")
    whole = torch.round(number(x))
    moved = whole if zero is None else whole + number(zero)
    return torch.clamp(moved, *RANGES[to]).to(TORCH[to])


def requantized(x: Tensor, scale: Tensor, zero: Tensor | None, like: torch.dtype) -> Tensor:
    """Divided by a scale and quantized to the 8 or 16 bits of a dtype."""
    return quantized(x / scale, zero, BY_DTYPE[like])


def dequantized(x: Tensor, scale: Tensor, zero: Tensor | None) -> Tensor:
    """Floats of what is quantized with one scale."""
    return (number(x) if zero is None else number(x) - number(zero)) * scale
