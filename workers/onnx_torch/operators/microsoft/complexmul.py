"""com.microsoft.ComplexMul: products of complex numbers, which are a last axis of two."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("ComplexMul")
def complex_mul(a: Tensor, b: Tensor) -> Tensor:
    """Shapes are broadcast."""
    one, other = (torch.view_as_complex(each.contiguous()) for each in (a, b))
    return torch.view_as_real(one * other)
