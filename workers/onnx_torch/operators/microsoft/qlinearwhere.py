"""QLinearWhere: from X where the condition holds, else from Y, quantized."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearWhere")
def qlinearwhere(  # noqa: PLR0917 - ONNX Runtime's inputs
    condition: Tensor,
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor,
    y: Tensor,
    y_scale: Tensor,
    y_zero: Tensor,
    z_scale: Tensor,
    z_zero: Tensor,
) -> Tensor:
    """Each has a scale and a zero point of its own; broadcast to each other."""
    chosen = dequantized(x, x_scale, x_zero), dequantized(y, y_scale, y_zero)
    return requantized(torch.where(condition, *chosen), z_scale, z_zero, x.dtype)
