"""Min: the least of the inputs."""

from functools import reduce

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import in_order


@operator("Min")
def least(*xs: Tensor) -> Tensor:
    """Broadcast to each other; NaN where one of them is."""
    return in_order(lambda *ordered: reduce(torch.minimum, ordered), *xs)
