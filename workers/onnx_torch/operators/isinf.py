"""IsInf: true where the element is infinite."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("IsInf")
def isinf(x: Tensor, *, detect_negative: int, detect_positive: int) -> Tensor:
    """Of floats; each sign may be left out."""
    wide = x.to(torch.float32) if x.dtype.itemsize == 1 else x
    if detect_negative and detect_positive:
        return torch.isinf(wide)
    if detect_positive:
        return torch.isposinf(wide)
    if detect_negative:
        return torch.isneginf(wide)
    return torch.zeros_like(wide, dtype=torch.bool)
