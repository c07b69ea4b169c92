"""Elu: x where it is positive, else alpha * (exp(x) - 1)."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Elu")
def elu(x: Tensor, *, alpha: float) -> Tensor:
    """Of any shape."""
    return functional.elu(x, alpha)
