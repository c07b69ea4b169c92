"""MatMulInteger: the product of matrices of 8 bits, in int32."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.products import by_column, by_row, offset


@operator("MatMulInteger")
def matmulinteger(
    a: Tensor, b: Tensor, a_zero: Tensor | None = None, b_zero: Tensor | None = None
) -> Tensor:
    """Computed in float64, which holds sums of such products exactly."""
    one = offset(a, None if a_zero is None else by_row(a_zero))
    other = offset(b, None if b_zero is None else by_column(b_zero))
    return torch.matmul(one.to(torch.float64), other.to(torch.float64)).to(torch.int32)
