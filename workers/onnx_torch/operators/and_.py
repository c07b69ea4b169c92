"""And: true where both are."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned


@operator("And", since=1)
def and_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return and_(a, aligned(a, b, broadcast, axis))


@operator("And", since=7)
def and_(a: Tensor, b: Tensor) -> Tensor:
    """Of booleans, broadcast to each other."""
    return torch.logical_and(a, b)
