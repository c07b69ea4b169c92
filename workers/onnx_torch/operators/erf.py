"""Erf: the error function."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import as_float


@operator("Erf")
def erf(x: Tensor) -> Tensor:
    """In the dtype of x; of integers, cut off towards zero."""
    return torch.erf(x if x.dtype.is_floating_point else as_float(x)).to(x.dtype)
