"""QLinearLeakyRelu: x, and alpha * x below zero, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.requantising import real, requantised

DEFAULT = 0.01


@operator("QLinearLeakyRelu", elementwise=True)
def qlinearleakyrelu(
    x: tf.Tensor,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor | None,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor | None = None,
    *,
    alpha: float | None,
) -> tf.Tensor:
    """Scales and zero points are of the whole tensor."""
    found = tf.nn.leaky_relu(real(x, x_scale, x_zero), DEFAULT if alpha is None else alpha)
    return requantised(found, y_scale, y_zero, x.dtype)
