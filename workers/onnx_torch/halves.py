"""Half precision: computed in float32 where sums or squares would lose it, and rounded once."""

from typing import Final

import torch
from torch import Tensor

HALVES: Final = frozenset({torch.float16, torch.bfloat16})


def widened(x: Tensor) -> Tensor:
    """In float32, if it has fewer bits; else as it is."""
    return x.to(torch.float32) if x.dtype in HALVES else x


def as_float(x: Tensor) -> Tensor:
    """Integers in float64, which holds those of 32 bits exactly; floats as `widened`."""
    return widened(x) if x.dtype.is_floating_point else x.to(torch.float64)
