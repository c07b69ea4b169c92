"""TransposeMatMul: what FusedMatMul was called before."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.matrices import multiplied, turned


@operator("TransposeMatMul")
def transposematmul(
    a: Tensor,
    b: Tensor,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX Runtime's names
    transB: int | None,  # noqa: N803
) -> Tensor:
    """Of matrices in the last two axes."""
    return multiplied(turned(a, transA, 0), turned(b, transB, 0), alpha)
