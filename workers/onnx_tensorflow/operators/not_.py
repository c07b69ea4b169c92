"""Not: true where x is false."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Not", elementwise=True)
def not_(x: tf.Tensor) -> tf.Tensor:
    return tf.logical_not(x)
