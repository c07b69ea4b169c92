"""ReduceMean: the mean over some axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.reductions import reduced


@operator("ReduceMean", since=18)
def reducemean(
    x: Stored, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Laid:
    noop = bool(noop_with_empty_axes)
    return reduced(x, axes, tf.reduce_mean, keep=bool(keepdims), noop=noop)


@operator("ReduceMean", since=1)
def reducemean_1(x: Stored, *, axes: list[int] | None, keepdims: int) -> Laid:
    """The axes are an attribute."""
    return reduced(x, axes, tf.reduce_mean, keep=bool(keepdims))
