"""Bernoulli: 1 with the probability that is given, else 0."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.randomness import drawn


@operator("Bernoulli", since=15)
def bernoulli(x: tf.Tensor, *, dtype: int | None, seed: float | None, node: Node) -> tf.Tensor:
    wanted = dtype or node.output_dtypes[0]
    uniform = drawn("uniform", tf.shape(x), tf.float32, (0.0, 1.0), seed)
    return tf.cast(uniform < tf.cast(x, tf.float32), carrier(wanted) if wanted else x.dtype)
