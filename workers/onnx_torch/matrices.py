"""Matrices that are turned round before they are multiplied."""

import torch
from torch import Tensor


def turned(x: Tensor, transposed: int | None, batched: int | None) -> Tensor:
    """The last two axes swapped, if `transposed`; before that, if `batched`, the first one
    moved to where rows are."""
    if batched and x.ndim > 2:  # noqa: PLR2004 - a matrix has no batch
        x = x.movedim(0, -2)
    return x.transpose(-1, -2) if transposed and x.ndim > 1 else x


def multiplied(a: Tensor, b: Tensor, alpha: float | None) -> Tensor:
    """Their product, `alpha` times."""
    product = torch.matmul(a, b)
    return product if alpha is None or alpha == 1 else alpha * product
