"""com.microsoft.ComplexMulConj: products with the conjugates of complex numbers."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("ComplexMulConj")
def complex_mul_conj(a: Tensor, b: Tensor) -> Tensor:
    """They are a last axis of two; shapes are broadcast."""
    one, other = (torch.view_as_complex(each.contiguous()) for each in (a, b))
    return torch.view_as_real(one * other.conj().resolve_conj())
