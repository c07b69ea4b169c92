"""QLinearMul: a * b, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearMul", elementwise=True)
def qlinearmul(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: tf.Tensor,
    a_scale: tf.Tensor,
    a_zero: tf.Tensor | None,
    b: tf.Tensor,
    b_scale: tf.Tensor,
    b_zero: tf.Tensor | None,
    c_scale: tf.Tensor,
    c_zero: tf.Tensor | None = None,
) -> tf.Tensor:
    """Each has a scale and a zero point of its own; broadcast to each other."""
    found = real(a, a_scale, a_zero) * real(b, b_scale, b_zero)
    return requantised(found, c_scale, c_zero, a.dtype)
