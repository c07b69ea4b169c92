"""com.microsoft.Trilu: the upper or lower triangle of the last two axes."""

from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.trilu import trilu as triangle


@operator("Trilu")
def trilu(x: Tensor, k: Number | None = None, *, upper: int | None) -> Tensor:
    """As ONNX's own, which it became."""
    return triangle(x, k, upper=1 if upper is None else upper)
