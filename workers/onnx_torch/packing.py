"""Packing: several small integers in a byte."""

import torch
from torch import Tensor


def unpacked(x: Tensor, bits: int) -> Tensor:
    """The integers of each byte of uint8 along the last axis, lowest bits first."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=x.device)
    parts = (x.unsqueeze(-1) >> shifts) & ((1 << bits) - 1)
    return parts.flatten(-2)
