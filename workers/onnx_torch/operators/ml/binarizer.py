"""Binarizer: 1 above a threshold, else 0."""

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Binarizer", elementwise=True)
def binarizer(x: Tensor, *, threshold: float) -> Tensor:
    """In the type of its input."""
    return (x > threshold).to(x.dtype)
