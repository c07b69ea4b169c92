"""LessOrEqual: a <= b."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("LessOrEqual", since=12, elementwise=True)
def lessorequal(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return a <= b
