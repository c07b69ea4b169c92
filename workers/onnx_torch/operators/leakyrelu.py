"""LeakyRelu: x where it is positive, else alpha * x."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("LeakyRelu")
def leakyrelu(x: Tensor, *, alpha: float) -> Tensor:
    """Of any shape."""
    return functional.leaky_relu(x, alpha)
