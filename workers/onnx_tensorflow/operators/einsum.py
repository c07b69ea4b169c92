"""Einsum: sums of products, in Einstein's notation."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import through


@operator("Einsum", since=12)
def einsum(*xs: tf.Tensor, equation: str) -> tf.Tensor:
    """TensorFlow turns most equations into one product of matrices."""
    equation = equation.replace(" ", "")
    if xs[0].dtype.is_integer and xs[0].dtype not in (tf.int32, tf.int64):
        return through(tf.int64, lambda *wide: tf.einsum(equation, *wide), *xs)
    return tf.einsum(equation, *xs)
