"""HardSwish: x * max(0, min(1, x / 6 + 0.5))."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("HardSwish")
def hardswish(x: Tensor) -> Tensor:
    """Of any shape."""
    return functional.hardswish(x)
