"""Div: a / b."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import divided


@operator("Div", since=1)
def div_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return div(a, aligned(a, b, broadcast, axis))


@operator("Div", since=7)
def div(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other; integers are divided towards zero."""
    return a / b if a.dtype.is_floating_point else divided(a, b)
