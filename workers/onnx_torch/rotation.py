"""Rotation of features by their position, for RotaryEmbedding and its like."""

import torch
from torch import Tensor


def heads_last(x: Tensor, heads: int) -> Tensor:
    """(batch, length, heads * size) as (batch, length, heads, size)."""
    return x.reshape(x.shape[0], x.shape[1], heads, x.shape[2] // heads)


def rotated(
    x: Tensor, cos: Tensor, sin: Tensor, size: int | None, interleaved: int | None
) -> Tensor:
    """The first `size` features of each head turned, 0 for all; the others as they are.

    Args:
        x: (batch, length, heads, features).
        cos, sin: (batch, length, size / 2).
        interleaved: a pair are neighbours; else they are as far apart as the halves.
    """
    size = size or x.shape[3]
    turning, kept = x[..., :size], x[..., size:]
    cos, sin = cos.unsqueeze(2), sin.unsqueeze(2)
    if interleaved:
        one, other = turning[..., 0::2], turning[..., 1::2]
    else:
        one, other = turning[..., : size // 2], turning[..., size // 2 :]
    real, imaginary = cos * one - sin * other, sin * one + cos * other
    if interleaved:
        turned = torch.stack([real, imaginary], -1).flatten(-2)
    else:
        turned = torch.cat([real, imaginary], -1)
    return torch.cat([turned, kept], -1) if size != x.shape[3] else turned
