"""SequenceErase: a sequence without one of its tensors."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.sequences import placed


@operator("SequenceErase")
def sequence_erase(xs: list[tf.Tensor], position: Number | None = None) -> list[tf.Tensor]:
    """The last unless said."""
    made = list(xs)
    made.pop(-1 if position is None else placed(position))
    return made
