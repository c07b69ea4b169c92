"""QGemm: alpha * A @ B + C of quantized matrices."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.products import offset
from workers.onnx_torch.quantizing import number, requantized


@operator("QGemm")
def qgemm(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: Tensor,
    a_scale: Tensor,
    a_zero: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero: Tensor,
    c: Tensor | None = None,
    y_scale: Tensor | None = None,
    y_zero: Tensor | None = None,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX's name
    transB: int | None,  # noqa: N803 - ONNX's name
) -> Tensor:
    """B may have a scale for each column; C is in scales of the product.

    Floats where the result has no scale.
    """
    plain = offset(a, a_zero)
    other = offset(b.t() if transB else b, b_zero)
    product = torch.matmul(plain.t() if transA else plain, other)
    whole = product if c is None else product + number(c)
    found = whole * (a_scale * b_scale * (1.0 if alpha is None else alpha))
    if y_scale is None:
        return found
    return requantized(found, y_scale, y_zero, a.dtype if y_zero is None else y_zero.dtype)
