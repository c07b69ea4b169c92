"""com.microsoft.UnfoldTensor: slices of an axis, one every so many elements, as a last axis."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of


@operator("UnfoldTensor")
def unfold_tensor(x: tf.Tensor, *, dim: int | None, size: int, step: int | None) -> tf.Tensor:
    """What torch calls unfold."""
    rank = rank_of(x)
    axis = normal(-1 if dim is None else dim, rank)
    framed = tf.signal.frame(x, size, step or 1, axis=axis)
    order = [each for each in range(rank + 1) if each != axis + 1]
    return tf.transpose(framed, [*order, axis + 1])
