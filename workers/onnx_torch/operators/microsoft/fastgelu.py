"""FastGelu: Gelu of x and a bias, by the hyperbolic tangent."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("FastGelu")
def fastgelu(x: Tensor, bias: Tensor | None = None) -> Tensor:
    """The bias is along the last axis."""
    return functional.gelu(x if bias is None else x + bias, approximate="tanh")
