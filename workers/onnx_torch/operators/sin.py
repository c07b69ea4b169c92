"""Sin: the sine of an angle in radians."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Sin")
def sin(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.sin(x)
