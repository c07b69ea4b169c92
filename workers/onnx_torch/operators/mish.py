"""Mish: x * tanh(softplus(x))."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Mish")
def mish(x: Tensor) -> Tensor:
    """Of any shape."""
    return functional.mish(x)
