"""StringConcat: words put together, broadcast."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("StringConcat")
def string_concat(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The older Add takes strings, and broadcasts as `tf.strings.join` does not."""
    return tf.raw_ops.Add(x=one, y=other)
