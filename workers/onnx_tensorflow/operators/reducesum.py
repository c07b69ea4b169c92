"""ReduceSum: the sum over some axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("ReduceSum", since=13)
def reducesum(
    x: Stored, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Laid:
    noop = bool(noop_with_empty_axes)
    return reduced(x, axes, tf.reduce_sum, keep=bool(keepdims), noop=noop)


@operator("ReduceSum", since=1)
def reducesum_1(x: Stored, *, axes: list[int] | None, keepdims: int) -> Laid:
    """The axes are an attribute."""
    return reduced(x, axes, tf.reduce_sum, keep=bool(keepdims))
