"""Or: true where either is."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned


@operator("Or", since=1)
def or_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return or_(a, aligned(a, b, broadcast, axis))


@operator("Or", since=7)
def or_(a: Tensor, b: Tensor) -> Tensor:
    """Of booleans, broadcast to each other."""
    return torch.logical_or(a, b)
