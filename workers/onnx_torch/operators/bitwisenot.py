"""BitwiseNot: every bit the other way."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import wrapped


@operator("BitwiseNot")
def bitwisenot(x: Tensor) -> Tensor:
    """Of integers."""
    return wrapped(torch.bitwise_not, x)
