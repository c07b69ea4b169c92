"""SequenceInsert: a sequence with one tensor more."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.sequences import placed


@operator("SequenceInsert")
def sequence_insert(
    xs: list[tf.Tensor], x: tf.Tensor, position: Number | None = None
) -> list[tf.Tensor]:
    """At the end unless said."""
    made = list(xs)
    made.insert(len(xs) if position is None else placed(position), x)
    return made
