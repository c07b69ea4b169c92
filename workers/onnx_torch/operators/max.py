"""Max: the greatest of the inputs."""

from functools import reduce

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import in_order


@operator("Max")
def greatest(*xs: Tensor) -> Tensor:
    """Broadcast to each other; NaN where one of them is."""
    return in_order(lambda *ordered: reduce(torch.maximum, ordered), *xs)
