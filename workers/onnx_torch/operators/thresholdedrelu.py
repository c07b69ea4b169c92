"""ThresholdedRelu: x where it is above alpha, else 0."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("ThresholdedRelu")
def thresholdedrelu(x: Tensor, *, alpha: float) -> Tensor:
    """Of any shape."""
    return functional.threshold(x, alpha, 0)
