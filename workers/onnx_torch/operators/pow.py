"""Pow: x to the power of y."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import WIDE


@operator("Pow", since=1)
def power_1(x: Tensor, y: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """Y is joined to X by `broadcast` and `axis`."""
    return power(x, aligned(x, y, broadcast, axis))


@operator("Pow", since=7)
def power(x: Tensor, y: Tensor) -> Tensor:
    """In the dtype of X; where one of them is a float and the other an integer, via floats."""
    base, exponent = _plain(x), _plain(y)
    if base.dtype in {torch.int32, torch.int64} and exponent.dtype.is_floating_point:
        base = base.to(torch.float64)
    return torch.pow(base, exponent).to(x.dtype)


def _plain(x: Tensor) -> Tensor:
    return x.to(torch.int64) if x.dtype in WIDE else x
