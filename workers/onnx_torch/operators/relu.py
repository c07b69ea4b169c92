"""Relu: the element where it is positive, else 0."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Relu")
def relu(x: Tensor) -> Tensor:
    """Of floats and signed integers."""
    return functional.relu(x)
