"""Gelu: x times the share of a normal distribution that is below it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import precisely


@operator("Gelu", since=20, elementwise=True)
def gelu(x: tf.Tensor, *, approximate: str) -> tf.Tensor:
    return precisely(lambda wide: tf.nn.gelu(wide, approximate == "tanh"), x)
