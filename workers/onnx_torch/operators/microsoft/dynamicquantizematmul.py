"""DynamicQuantizeMatMul: floats, quantized by their own range, times a quantized matrix."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.dynamicquantizelinear import dynamicquantizelinear
from workers.onnx_torch.products import by_column, offset


@operator("DynamicQuantizeMatMul")
def dynamicquantizematmul(
    a: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """B may have a scale and a zero point for each column."""
    quantized, scale, zero = dynamicquantizelinear(a)
    other = offset(b, None if b_zero is None else by_column(b_zero))
    found = torch.matmul(offset(quantized, zero), other) * (scale * by_column(b_scale))
    return found if bias is None else found + bias
