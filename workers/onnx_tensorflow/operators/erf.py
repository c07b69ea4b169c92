"""Erf: the Gauss error function."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Erf", elementwise=True)
def erf(x: tf.Tensor) -> tf.Tensor:
    return tf.math.erf(x)
