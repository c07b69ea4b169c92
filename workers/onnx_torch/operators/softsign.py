"""Softsign: x / (1 + |x|)."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Softsign")
def softsign(x: Tensor) -> Tensor:
    """Of any shape."""
    return functional.softsign(x)
