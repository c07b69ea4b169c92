"""Gelu: x * P(X <= x) of a standard normal X."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Gelu")
def gelu(x: Tensor) -> Tensor:
    """Exactly, by the error function."""
    return functional.gelu(x)
