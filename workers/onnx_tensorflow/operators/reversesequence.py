"""ReverseSequence: the beginning of each sequence backwards."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("ReverseSequence")
def reverse_sequence(
    x: tf.Tensor, sequence_lens: tf.Tensor, *, batch_axis: int, time_axis: int
) -> tf.Tensor:
    """Each as far as its length says."""
    return tf.reverse_sequence(x, sequence_lens, seq_axis=time_axis, batch_axis=batch_axis)
