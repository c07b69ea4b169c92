"""MatMulIntegerToFloat: the product of quantised matrices, in floats."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import integer_product, per_row


@operator("MatMulIntegerToFloat")
def matmulintegertofloat(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: tf.Tensor,
    b: tf.Tensor,
    a_scale: tf.Tensor,
    b_scale: tf.Tensor,
    a_zero: tf.Tensor | None = None,
    b_zero: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
) -> tf.Tensor:
    """B may have a scale and a zero point for each column."""
    found = tf.cast(integer_product(a, b, a_zero, b_zero), a_scale.dtype)
    found *= per_row(a_scale) * b_scale
    return found if bias is None else found + bias
