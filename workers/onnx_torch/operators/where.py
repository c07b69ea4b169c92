"""Where: from X where the condition holds, else from Y."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Where")
@textual
def where(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """All three broadcast to each other."""
    return torch.where(condition, x, y)
