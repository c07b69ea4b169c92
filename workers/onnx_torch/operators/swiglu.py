"""SwiGLU: B, let through as far as the Swish of A says."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("SwiGLU")
def swiglu(a: Tensor, b: Tensor, *, alpha: float) -> Tensor:
    """Both of one shape."""
    gate = functional.silu(a) if alpha == 1 else a * torch.sigmoid(alpha * a)
    return gate * b
