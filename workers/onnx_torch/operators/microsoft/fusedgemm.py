"""FusedGemm: Gemm and an activation."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.activating import activated, refused
from workers.onnx_torch.operators.gemm import gemm


@operator("FusedGemm", refuses=refused)
def fusedgemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    activation: str | None,
    activation_alpha: float | None,
    activation_beta: float | None,
    alpha: float | None,
    beta: float | None,
    transA: int | None,  # noqa: N803 - ONNX's name
    transB: int | None,  # noqa: N803 - ONNX's name
) -> Tensor:
    """activation(alpha * A @ B + beta * C)."""
    found = gemm(
        a,
        b,
        c,
        alpha=1.0 if alpha is None else alpha,
        beta=1.0 if beta is None else beta,
        transA=transA or 0,
        transB=transB or 0,
    )
    return activated(found, activation, activation_alpha, activation_beta)
