"""IsInf: whether an element is infinite, on the sides that are asked about."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("IsInf", elementwise=True)
def isinf(x: tf.Tensor, *, detect_negative: int, detect_positive: int) -> tf.Tensor:
    infinite = tf.math.is_inf(x)
    if not detect_negative:
        infinite &= x > 0
    if not detect_positive:
        infinite &= x < 0
    return infinite
