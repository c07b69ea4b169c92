"""FusedGemm: Gemm and an activation."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.activating import activated
from workers.onnx_tensorflow.layout import Stored
from workers.onnx_tensorflow.operators.gemm import gemm


@operator("FusedGemm")
def fusedgemm(
    a: tf.Tensor,
    b: Stored,
    c: tf.Tensor | None = None,
    *,
    activation: str | None,
    activation_alpha: float | None,
    activation_beta: float | None,
    alpha: float | None,
    beta: float | None,
    transA: int | None,  # noqa: N803 - ONNX's name
    transB: int | None,  # noqa: N803 - ONNX's name
) -> tf.Tensor:
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
