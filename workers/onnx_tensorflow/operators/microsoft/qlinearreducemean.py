"""QLinearReduceMean: the mean of the elements, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearReduceMean")
def qlinearreducemean(
    x: Stored,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor | None,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor | None = None,
    *,
    axes: list[int],
    keepdims: int,
) -> Laid:
    """Scales and zero points are of the whole tensor."""
    plain = x.like(real(x.tensor, x_scale, x_zero))
    found = reduced(plain, axes, tf.reduce_mean, keep=bool(keepdims))
    return found.like(requantised(found.tensor, y_scale, y_zero, x.dtype))
