"""MatMul: the matrix product, as numpy has it."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import wrapped


@operator("MatMul")
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Of matrices in the last two axes, those before broadcast to each other."""
    return wrapped(torch.matmul, a, b)
