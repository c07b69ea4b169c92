"""NonZero: where elements are not zero."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("NonZero")
def non_zero(x: Tensor) -> Tensor:
    """One row for each axis, one column for each element."""
    return torch.nonzero(x).t()
