"""SequenceEmpty: a sequence of nothing."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("SequenceEmpty")
def sequence_empty() -> list[tf.Tensor]:
    """Its type is known from what is put in."""
    return []
