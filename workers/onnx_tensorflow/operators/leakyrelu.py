"""LeakyRelu: x, and alpha * x below zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("LeakyRelu", elementwise=True)
def leakyrelu(x: tf.Tensor, *, alpha: float) -> tf.Tensor:
    return tf.nn.leaky_relu(x, alpha)
