"""QGemm: alpha * A @ B + C of quantised matrices."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import integer_product
from workers.onnx_tensorflow.requantising import requantised


@operator("QGemm")
def qgemm(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: tf.Tensor,
    a_scale: tf.Tensor,
    a_zero: tf.Tensor,
    b: tf.Tensor,
    b_scale: tf.Tensor,
    b_zero: tf.Tensor,
    c: tf.Tensor | None = None,
    y_scale: tf.Tensor | None = None,
    y_zero: tf.Tensor | None = None,
    *,
    alpha: float | None,
    transA: int | None,  # noqa: N803 - ONNX's name
    transB: int | None,  # noqa: N803 - ONNX's name
) -> tf.Tensor:
    """B may have a scale for each column; C is in scales of the product.

    Floats where the result has no scale.
    """
    one = tf.transpose(a) if transA else a
    product = integer_product(one, tf.transpose(b) if transB else b, a_zero, b_zero)
    whole = tf.cast(product if c is None else product + tf.cast(c, tf.int32), tf.float32)
    found = whole * (a_scale * b_scale * (1.0 if alpha is None else alpha))
    if y_scale is None:
        return found
    return requantised(found, y_scale, y_zero, a.dtype if y_zero is None else y_zero.dtype)
