"""RMSNormalization: by the root of the mean of squares of the last axes."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, aligned
from workers.onnx_tensorflow.normalising import by_root_mean_square

HALVES = (tf.float16, tf.bfloat16)


@operator("RMSNormalization", since=23)
def rmsnormalization(x: Stored, scale: Stored, *, axis: int, epsilon: float) -> Laid:
    axes = sorted(x.stored(each) for each in range(axis % x.rank, x.rank))
    wide = tf.float32 if x.dtype in HALVES else x.dtype
    normal = by_root_mean_square(tf.cast(x.tensor, wide), axes, epsilon)
    (found, by), order = aligned([x.like(tf.cast(normal, scale.dtype)), scale])
    return Laid(found * by, order)
