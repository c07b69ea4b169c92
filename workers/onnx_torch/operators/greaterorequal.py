"""GreaterOrEqual: a >= b."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import ordered


@operator("GreaterOrEqual")
def greaterorequal(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other."""
    return ordered(a) >= ordered(b)
