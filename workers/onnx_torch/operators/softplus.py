"""Softplus: ln(exp(x) + 1)."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Softplus")
def softplus(x: Tensor) -> Tensor:
    """Beyond 20 torch takes x for it, which is as near as float32 can tell."""
    return functional.softplus(x)
