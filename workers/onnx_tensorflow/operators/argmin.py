"""ArgMin: where along an axis the smallest element is."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("ArgMin")
def argmin(x: Stored, *, axis: int, keepdims: int, select_last_index: int | None) -> Laid:
    """Of equal ones the first, or the last."""

    def compute(tensor: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:  # noqa: FBT001 - of Reduce
        found = _where_smallest(tensor, axes[0], last=bool(select_last_index))
        return tf.expand_dims(found, axes[0]) if keep else found

    return reduced(x, [axis], compute, keep=bool(keepdims))


def _where_smallest(x: tf.Tensor, axis: int, *, last: bool) -> tf.Tensor:
    if not last:
        return tf.argmin(x, axis)
    backwards = tf.argmin(tf.reverse(x, [axis]), axis)
    return tf.cast(tf.shape(x)[axis], tf.int64) - 1 - backwards
