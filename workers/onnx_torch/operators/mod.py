"""Mod: the remainder of a division."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import divided, wrapped


@operator("Mod")
def mod(a: Tensor, b: Tensor, *, fmod: int) -> Tensor:
    """With the sign of B as in Python, or of A as in C if `fmod`. Of floats either, too."""
    if a.dtype == torch.uint64:
        return wrapped(lambda one, times, other: one - times * other, a, divided(a, b), b)
    if fmod:
        return wrapped(torch.fmod, a, b)
    rest = wrapped(torch.remainder, a, b)
    if not a.dtype.is_floating_point:
        return rest
    return torch.where(rest == 0, torch.copysign(rest, b), rest)
