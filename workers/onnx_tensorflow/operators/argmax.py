"""ArgMax: where along an axis the largest element is."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("ArgMax")
def argmax(x: Stored, *, axis: int, keepdims: int, select_last_index: int | None) -> Laid:
    """Of equal ones the first, or the last."""

    def compute(tensor: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:  # noqa: FBT001 - of Reduce
        found = where_largest(tensor, axes[0], last=bool(select_last_index))
        return tf.expand_dims(found, axes[0]) if keep else found

    return reduced(x, [axis], compute, keep=bool(keepdims))


def where_largest(x: tf.Tensor, axis: int, *, last: bool) -> tf.Tensor:
    """As int64."""
    if not last:
        return tf.argmax(x, axis)
    backwards = tf.argmax(tf.reverse(x, [axis]), axis)
    return tf.cast(tf.shape(x)[axis], tf.int64) - 1 - backwards
