"""Floor: the next integer downwards."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Floor")
def floor(x: Tensor) -> Tensor:
    """Of any shape."""
    return torch.floor(x)
