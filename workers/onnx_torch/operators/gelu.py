"""Gelu: x * P(X <= x) of a standard normal X."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Gelu")
def gelu(x: Tensor, *, approximate: str) -> Tensor:
    """`approximate` is `none` or `tanh`, which torch calls the same."""
    return functional.gelu(x, approximate=approximate)
