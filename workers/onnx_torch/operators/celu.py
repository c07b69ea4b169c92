"""Celu: max(0, x) + min(0, alpha * (exp(x / alpha) - 1))."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Celu")
def celu(x: Tensor, *, alpha: float) -> Tensor:
    """Of any shape."""
    return functional.celu(x, alpha)
