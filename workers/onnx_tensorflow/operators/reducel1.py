"""ReduceL1: the sum of distances to zero over some axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced
from workers.onnx_tensorflow.widening import in_floats


@operator("ReduceL1", since=18)
def reducel1(
    x: Stored, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Laid:
    noop = bool(noop_with_empty_axes)
    return reduced(x, axes, _compute, keep=bool(keepdims), noop=noop)


@operator("ReduceL1", since=1)
def reducel1_1(x: Stored, *, axes: list[int] | None, keepdims: int) -> Laid:
    """The axes are an attribute."""
    return reduced(x, axes, _compute, keep=bool(keepdims))


def _compute(tensor: tf.Tensor, axes: list[int], keep: bool) -> tf.Tensor:  # noqa: FBT001 - of Reduce
    def compute(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.abs(x), axes, keep)

    return in_floats(compute, tensor)
