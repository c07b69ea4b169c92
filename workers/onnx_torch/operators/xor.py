"""Xor: true where one of them is."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned


@operator("Xor", since=1)
def xor_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return xor(a, aligned(a, b, broadcast, axis))


@operator("Xor", since=7)
def xor(a: Tensor, b: Tensor) -> Tensor:
    """Of booleans, broadcast to each other."""
    return torch.logical_xor(a, b)
