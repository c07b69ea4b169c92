"""QLinearSigmoid: 1 / (1 + exp(-x)), quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearSigmoid", elementwise=True)
def qlinearsigmoid(
    x: tf.Tensor,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor | None,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor | None = None,
) -> tf.Tensor:
    """Scales and zero points are of the whole tensor."""
    return requantised(tf.sigmoid(real(x, x_scale, x_zero)), y_scale, y_zero, x.dtype)
