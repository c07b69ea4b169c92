"""HardSigmoid: alpha * x + beta, held between 0 and 1."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("HardSigmoid")
def hardsigmoid(x: Tensor, *, alpha: float, beta: float) -> Tensor:
    """Of any shape."""
    return torch.clamp(alpha * x + beta, 0, 1)
