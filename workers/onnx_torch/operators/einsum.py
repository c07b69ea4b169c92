"""Einsum: sums of products, by the letters of an equation."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import wrapped


@operator("Einsum")
def einsum(*xs: Tensor, equation: str) -> Tensor:
    """torch reads the equation as ONNX does, spaces, ellipses and implicit outputs included."""
    return wrapped(lambda *each: torch.einsum(equation, *each), *xs)
