"""QLinearSigmoid: 1 / (1 + exp(-x)), quantized."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearSigmoid")
def qlinearsigmoid(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor | None,
    y_scale: Tensor,
    y_zero: Tensor | None = None,
) -> Tensor:
    """Scales and zero points are of the whole tensor."""
    found = torch.sigmoid(dequantized(x, x_scale, x_zero))
    return requantized(found, y_scale, y_zero, x.dtype)
