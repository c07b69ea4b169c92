"""Floats of 8 bits and fewer: how ONNX rounds to them, in the tables of its Cast operator."""

from typing import Final

import torch
from onnx import TensorProto
from torch import Tensor

from workers.onnx_torch.dtypes import TORCH

CARRIED: Final[dict[int, tuple[int, int, float]]] = {
    TensorProto.FLOAT4E2M1: (0, 1, 6.0),
    TensorProto.FLOAT6E2M3: (0, 3, 7.5),
    TensorProto.FLOAT6E3M2: (-2, 2, 28.0),
}
"""In float32: the least exponent, the bits of the mantissa, the greatest value."""

FLOATS_8: Final = frozenset(
    {
        TensorProto.FLOAT8E4M3FN,
        TensorProto.FLOAT8E4M3FNUZ,
        TensorProto.FLOAT8E5M2,
        TensorProto.FLOAT8E5M2FNUZ,
    }
)

E4M3FN_LAST: Final = 464.0
"""Halfway from 448 to where the next one would be: what is greater rounds to NaN."""

EXPONENTS: Final = 23
"""Bits below the exponent of a float32."""

NOT_FINITE: Final = 0xFF
"""The exponent of infinity and NaN in a float32; a FLOAT8E8M0 has it for NaN."""


def carried(x: Tensor, to: int) -> Tensor:
    """Rounded to a type that float32 carries: to even, and never beyond its greatest value."""
    lowest, mantissa, greatest = CARRIED[to]
    wide = x.to(torch.float32)
    exponent = torch.frexp(wide).exponent - 1
    step = torch.ldexp(torch.ones_like(wide), exponent.clamp(min=lowest) - mantissa)
    return torch.clamp(torch.round(wide / step) * step, -greatest, greatest)


def float8(x: Tensor, to: int, saturate: int) -> Tensor:
    """To the greatest value what is beyond it, or to NaN (infinity, where the type has it)."""
    dtype, wide = TORCH[to], x.to(torch.float32)
    if saturate:
        greatest = torch.finfo(dtype).max
        return torch.clamp(wide, -greatest, greatest).to(dtype)
    if to == TensorProto.FLOAT8E4M3FN:
        wide = torch.where(wide.abs() > E4M3FN_LAST, torch.nan, wide)
    return wide.to(dtype)


def powers(x: Tensor, saturate: int, round_mode: str) -> Tensor:
    """FLOAT8E8M0, which has neither sign nor mantissa: the exponent of the float32 alone."""
    bits = x.to(torch.float32).contiguous().view(torch.int32)
    exponent, fraction = (bits >> EXPONENTS) & NOT_FINITE, bits & 0x7FFFFF
    if round_mode == "up":
        raised = fraction > 0
    elif round_mode == "nearest":
        half = 1 << (EXPONENTS - 1)
        raised = (fraction > half) | ((fraction == half) & (exponent > 0))
    else:
        raised = torch.zeros_like(fraction, dtype=torch.bool)
    found = torch.clamp(exponent + raised, max=NOT_FINITE - bool(saturate))
    found = torch.where(exponent == NOT_FINITE, exponent, found)
    return found.to(torch.uint8).view(torch.float8_e8m0fnu)
