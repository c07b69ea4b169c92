"""LRN: divided by what the neighbouring channels hold."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("LRN")
def lrn(x: Tensor, *, alpha: float, beta: float, bias: float, size: int) -> Tensor:
    """Of an even number of channels ONNX takes the middle's later half, torch the earlier."""
    if size % 2:
        return functional.local_response_norm(x, size, alpha, beta, bias)
    before = (size - 1) // 2
    squares = (x * x).flatten(2).transpose(1, 2)
    padded = functional.pad(squares, [before, size - 1 - before])
    means = padded.unfold(-1, size, 1).mean(-1).transpose(1, 2).reshape(x.shape)
    return x / torch.pow(bias + alpha * means, beta)
