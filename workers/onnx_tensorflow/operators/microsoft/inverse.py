"""Inverse: of square matrices."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import precisely


@operator("Inverse")
def inverse(x: tf.Tensor) -> tf.Tensor:
    return precisely(tf.linalg.inv, x)
