"""MatMulInteger: the product of integers with their zero points taken off."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import centred_rows, matmul


@operator("MatMulInteger", since=10)
def matmulinteger(
    a: tf.Tensor,
    b: tf.Tensor,
    a_zero: tf.Tensor | None = None,
    b_zero: tf.Tensor | None = None,
) -> tf.Tensor:
    """a has a zero point for all or for each row, b for all or for each column."""
    wide = centred_rows(a, a_zero)
    other = tf.cast(b, tf.int32)
    return matmul(wide, other if b_zero is None else other - tf.cast(b_zero, tf.int32))
