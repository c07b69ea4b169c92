"""GreaterOrEqual: a >= b."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("GreaterOrEqual", since=12, elementwise=True)
def greaterorequal(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return a >= b
