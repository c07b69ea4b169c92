"""ReduceMin: the smallest over some axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("ReduceMin", since=18)
def reducemin(
    x: Stored, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Laid:
    noop = bool(noop_with_empty_axes)
    return reduced(x, axes, _extreme, keep=bool(keepdims), noop=noop)


@operator("ReduceMin", since=1)
def reducemin_1(x: Stored, *, axes: list[int] | None, keepdims: int) -> Laid:
    """The axes are an attribute."""
    return reduced(x, axes, _extreme, keep=bool(keepdims))


def _extreme(x: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:  # noqa: FBT001 - of Reduce
    """Of truth values, whether all of them hold."""
    if x.dtype == tf.bool:
        return tf.reduce_all(x, axes, keep)
    return tf.reduce_min(x, axes, keep)
