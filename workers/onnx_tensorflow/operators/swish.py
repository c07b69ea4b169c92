"""Swish: x * sigmoid(alpha * x)."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Swish", since=24, elementwise=True)
def swish(x: tf.Tensor, *, alpha: float) -> tf.Tensor:
    return x * tf.sigmoid(x if alpha == 1 else alpha * x)
