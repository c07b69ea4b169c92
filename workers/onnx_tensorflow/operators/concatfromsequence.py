"""ConcatFromSequence: the tensors of a sequence one behind the other."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("ConcatFromSequence")
def concat_from_sequence(xs: list[tf.Tensor], *, axis: int, new_axis: int) -> tf.Tensor:
    """Along an axis, or along a new one."""
    return tf.stack(xs, axis) if new_axis else tf.concat(xs, axis)
