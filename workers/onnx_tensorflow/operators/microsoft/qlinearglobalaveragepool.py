"""QLinearGlobalAveragePool: the mean of each channel, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced
from workers.onnx_tensorflow.requantising import real, requantised


@operator("QLinearGlobalAveragePool")
def qlinearglobalaveragepool(
    x: Stored,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor,
    *,
    channels_last: int | None,
) -> Laid:
    """Channels are second, or last."""
    axes = list(range(1, x.rank - 1)) if channels_last else list(range(2, x.rank))
    plain = x.like(real(x.tensor, x_scale, x_zero))
    found = reduced(plain, axes, tf.reduce_mean, keep=True, noop=True)
    return found.like(requantised(found.tensor, y_scale, y_zero, x.dtype))
