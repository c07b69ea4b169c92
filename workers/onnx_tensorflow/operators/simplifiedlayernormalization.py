"""SimplifiedLayerNormalization: by the root of the mean of squares, as ONNX Runtime writes it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.normalising import by_root_mean_square


@operator("SimplifiedLayerNormalization")
def simplifiedlayernormalization(
    x: Stored, scale: tf.Tensor, *, axis: int | None, epsilon: float | None
) -> Laid:
    """From `axis` on, the last one unless said. It is in ONNX's domain, and none of ONNX's."""
    first = (-1 if axis is None else axis) % x.rank
    axes = list(range(first, x.rank))
    small = 1e-5 if epsilon is None else epsilon
    wide = tf.cast(x.plain, tf.float32)
    return Laid(tf.cast(by_root_mean_square(wide, axes, small), scale.dtype) * scale)
