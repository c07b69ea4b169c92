"""ThresholdedRelu: x above alpha, else 0."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("ThresholdedRelu", elementwise=True)
def thresholdedrelu(x: tf.Tensor, *, alpha: float) -> tf.Tensor:
    return tf.where(x > alpha, x, tf.zeros([], x.dtype))
