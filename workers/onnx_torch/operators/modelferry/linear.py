"""Linear: x @ W.T + b."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`weight` is (out, in), as torch has it."""
    return functional.linear(x, weight, bias)
