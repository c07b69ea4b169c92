"""FusedMatMul: the product of matrices that may be transposed, scaled."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.matrices import multiplied, turned


@operator("FusedMatMul")
def fusedmatmul(
    a: Tensor,
    b: Tensor,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX Runtime's names
    transB: int | None,  # noqa: N803
    transBatchA: int | None,  # noqa: N803
    transBatchB: int | None,  # noqa: N803
) -> Tensor:
    """Of matrices in the last two axes."""
    return multiplied(turned(a, transA, transBatchA), turned(b, transB, transBatchB), alpha)
