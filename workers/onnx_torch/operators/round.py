"""Round: the nearest integer."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Round")
def rounded(x: Tensor) -> Tensor:
    """Halves go to the even neighbour, in torch as in ONNX."""
    return torch.round(x)
