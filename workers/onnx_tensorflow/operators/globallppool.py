"""GlobalLpPool: the p-norm of each channel."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("GlobalLpPool")
def globallppool(x: Stored, *, p: float | None) -> Laid:
    power = 2.0 if p is None else float(p)

    def norm(tensor: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:  # noqa: FBT001 - of Reduce
        return tf.pow(tf.reduce_sum(tf.pow(tf.abs(tensor), power), axes, keep), 1 / power)

    return reduced(x, list(range(2, x.rank)), norm, keep=True, noop=True)
