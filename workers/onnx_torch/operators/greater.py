"""Greater: a > b."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import ordered


@operator("Greater", since=1)
def greater_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return greater(a, aligned(a, b, broadcast, axis))


@operator("Greater", since=7)
def greater(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other."""
    return ordered(a) > ordered(b)
