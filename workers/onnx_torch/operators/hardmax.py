"""Hardmax: 1 where the first greatest element is, else 0."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.flattening import flattened


@operator("Hardmax", since=1)
def hardmax_1(x: Tensor, *, axis: int) -> Tensor:
    """Over all axes from that one on, as if they were one."""
    return flattened(lambda each: hardmax(each, axis=-1), x, axis)


@operator("Hardmax", since=13)
def hardmax(x: Tensor, *, axis: int) -> Tensor:
    """Along one axis."""
    place = x.argmax(axis, keepdim=True)
    return x.new_zeros(x.shape).scatter(axis, place, 1)
