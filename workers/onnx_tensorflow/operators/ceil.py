"""Ceil: the next integer upwards."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Ceil", elementwise=True)
def ceil(x: tf.Tensor) -> tf.Tensor:
    return tf.math.ceil(x)
