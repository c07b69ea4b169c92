"""FusedMatMul, and TransposeMatMul as it was called before: matrices turned, and scaled."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import matmul, turned


@operator("FusedMatMul")
def fusedmatmul(
    a: tf.Tensor,
    b: tf.Tensor,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX Runtime's names
    transB: int | None,  # noqa: N803
    transBatchA: int | None,  # noqa: N803
    transBatchB: int | None,  # noqa: N803
) -> tf.Tensor:
    """Of matrices in the last two axes."""
    one = turned(a, transposed=bool(transA), batched=bool(transBatchA))
    other = turned(b, transposed=bool(transB), batched=bool(transBatchB))
    product = matmul(one, other)
    return product if alpha is None or alpha == 1 else product * tf.cast(alpha, product.dtype)
