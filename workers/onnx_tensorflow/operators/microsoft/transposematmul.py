"""TransposeMatMul: what FusedMatMul was called before."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.microsoft.fusedmatmul import fusedmatmul


@operator("TransposeMatMul")
def transposematmul(
    a: tf.Tensor,
    b: tf.Tensor,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX Runtime's names
    transB: int | None,  # noqa: N803
) -> tf.Tensor:
    """Of matrices in the last two axes."""
    return fusedmatmul(
        a, b, alpha=alpha, transA=transA, transB=transB, transBatchA=0, transBatchB=0
    )
