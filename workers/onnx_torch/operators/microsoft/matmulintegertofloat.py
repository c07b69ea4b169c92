"""MatMulIntegerToFloat: the product of quantized matrices, in floats."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.products import by_column, by_row, offset


@operator("MatMulIntegerToFloat")
def matmulintegertofloat(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: Tensor,
    b: Tensor,
    a_scale: Tensor,
    b_scale: Tensor,
    a_zero: Tensor | None = None,
    b_zero: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """B may have a scale and a zero point for each column."""
    one = offset(a, None if a_zero is None else by_row(a_zero))
    other = offset(b, None if b_zero is None else by_column(b_zero))
    found = torch.matmul(one, other) * (by_row(a_scale) * by_column(b_scale))
    return found if bias is None else found + bias
