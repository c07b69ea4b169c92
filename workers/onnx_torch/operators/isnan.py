"""IsNaN: true where the element is not a number."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("IsNaN")
def isnan(x: Tensor) -> Tensor:
    """Of floats."""
    return torch.isnan(x.to(torch.float32) if x.dtype.itemsize == 1 else x)
