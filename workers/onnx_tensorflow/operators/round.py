"""Round: the nearest integer; halves go to the even one."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Round", elementwise=True)
def round_(x: tf.Tensor) -> tf.Tensor:
    return tf.round(x)
