"""Less: a < b."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import ordered


@operator("Less", since=1)
def less_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return less(a, aligned(a, b, broadcast, axis))


@operator("Less", since=7)
def less(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other."""
    return ordered(a) < ordered(b)
