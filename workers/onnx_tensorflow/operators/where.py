"""Where: x where the condition holds, else y."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Where", since=9, elementwise=True)
def where(condition: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.where(condition, x, y)
