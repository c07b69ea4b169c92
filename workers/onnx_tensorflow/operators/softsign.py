"""Softsign: x / (1 + |x|)."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Softsign", elementwise=True)
def softsign(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.softsign(x)
