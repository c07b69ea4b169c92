"""Softmax: exponentials that add up to 1."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.flattening import flattened


@operator("Softmax", since=1)
def softmax_1(x: Tensor, *, axis: int) -> Tensor:
    """Over all axes from that one on, as if they were one."""
    return flattened(lambda each: each.softmax(-1), x, axis)


@operator("Softmax", since=13)
def softmax(x: Tensor, *, axis: int) -> Tensor:
    """Along one axis."""
    return x.softmax(axis)
