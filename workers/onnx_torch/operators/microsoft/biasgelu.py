"""BiasGelu: Gelu of x and a bias."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("BiasGelu")
def biasgelu(x: Tensor, bias: Tensor) -> Tensor:
    """The bias is along the last axis."""
    return functional.gelu(x + bias)
