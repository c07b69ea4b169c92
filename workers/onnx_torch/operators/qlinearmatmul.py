"""QLinearMatMul: the product of quantized matrices, quantized."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.products import by_column, by_row, offset
from workers.onnx_torch.quantizing import number, requantized


@operator("QLinearMatMul")
def qlinearmatmul(  # noqa: PLR0917 - ONNX's inputs
    a: Tensor,
    a_scale: Tensor,
    a_zero: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero: Tensor,
    y_scale: Tensor,
    y_zero: Tensor,
) -> Tensor:
    """Scales and zero points of matrices, of the rows of A and of the columns of B."""
    product = torch.matmul(offset(a, by_row(a_zero)), offset(b, by_column(b_zero)))
    scale = by_row(number(a_scale)) * by_column(number(b_scale))
    return requantized(product * scale, number(y_scale), y_zero, y_zero.dtype)
