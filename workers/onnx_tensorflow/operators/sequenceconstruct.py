"""SequenceConstruct: tensors as a sequence."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("SequenceConstruct")
def sequence_construct(*xs: tf.Tensor) -> list[tf.Tensor]:
    """In their order."""
    return list(xs)
