"""Mul: a * b."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import wrapped


@operator("Mul", since=1)
def mul_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return mul(a, aligned(a, b, broadcast, axis))


@operator("Mul", since=7)
def mul(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other; integers wrap around."""
    return wrapped(torch.mul, a, b)
