"""Log: the natural logarithm."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Log", elementwise=True)
def log(x: tf.Tensor) -> tf.Tensor:
    return tf.math.log(x)
