"""Abs: the element without its sign."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import WIDE


@operator("Abs")
def absolute(x: Tensor) -> Tensor:
    """Of numbers; those that have no sign stay."""
    return x if x.dtype in WIDE else torch.abs(x)
