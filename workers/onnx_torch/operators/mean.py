"""Mean: of the inputs, element by element."""

from functools import reduce

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Mean")
def mean(*xs: Tensor) -> Tensor:
    """Broadcast to each other."""
    return reduce(torch.add, xs) / len(xs)
