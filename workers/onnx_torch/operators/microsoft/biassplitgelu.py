"""BiasSplitGelu: of x and a bias, the first half times the Gelu of the second."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("BiasSplitGelu")
def biassplitgelu(x: Tensor, bias: Tensor) -> Tensor:
    """Halves of the last axis."""
    value, gate = (x + bias).chunk(2, -1)
    return value * functional.gelu(gate)
