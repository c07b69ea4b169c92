"""Gemm: alpha * A @ B + beta * C."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Gemm")
def gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float,
    beta: float,
    transA: int,  # noqa: N803 - ONNX's name
    transB: int,  # noqa: N803 - ONNX's name
) -> Tensor:
    """With a transposed B and plain factors it is what torch calls linear."""
    a = a.t() if transA else a
    if transB and alpha == beta == 1 and c is not None and c.ndim == 1:
        return functional.linear(a, b, c)
    product = a @ (b.t() if transB else b)
    scaled = product if alpha == 1 else alpha * product
    if c is None:
        return scaled
    return scaled + (c if beta == 1 else beta * c)
