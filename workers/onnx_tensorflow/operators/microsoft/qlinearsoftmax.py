"""QLinearSoftmax: exponentials that add up to 1, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.flattening import over_rest
from workers.onnx_tensorflow.requantising import real, requantised

ONE_AXIS = 13
"""The opset since which a softmax is along one axis."""


@operator("QLinearSoftmax")
def qlinearsoftmax(
    x: tf.Tensor,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor | None,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor,
    *,
    axis: int | None,
    opset: int,
) -> tf.Tensor:
    """Along one axis, or over all from it on, as the Softmax of that opset."""
    along = -1 if axis is None else axis
    plain = real(x, x_scale, x_zero)
    one = opset >= ONE_AXIS
    found = tf.nn.softmax(plain, along) if one else over_rest(tf.nn.softmax, plain, along)
    return requantised(found, y_scale, y_zero, x.dtype)
