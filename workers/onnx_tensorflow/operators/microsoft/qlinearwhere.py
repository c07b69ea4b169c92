"""QLinearWhere: from X where the condition holds, else from Y, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearWhere", elementwise=True)
def qlinearwhere(  # noqa: PLR0917 - ONNX Runtime's inputs
    condition: tf.Tensor,
    x: tf.Tensor,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor,
    y: tf.Tensor,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor,
    z_scale: tf.Tensor,
    z_zero: tf.Tensor,
) -> tf.Tensor:
    """Each has a scale and a zero point of its own; broadcast to each other."""
    found = tf.where(condition, real(x, x_scale, x_zero), real(y, y_scale, y_zero))
    return requantised(found, z_scale, z_zero, x.dtype)
