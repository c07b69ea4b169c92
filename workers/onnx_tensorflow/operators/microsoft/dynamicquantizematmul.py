"""DynamicQuantizeMatMul: floats, quantised by their own range, times a quantised matrix."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid
from workers.onnx_tensorflow.operators.dynamicquantizelinear import dynamicquantizelinear
from workers.onnx_tensorflow.products import integer_product


@operator("DynamicQuantizeMatMul")
def dynamicquantizematmul(
    a: tf.Tensor,
    b: tf.Tensor,
    b_scale: tf.Tensor,
    b_zero: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
) -> tf.Tensor:
    """B may have a scale and a zero point for each column."""
    whole, scale, zero = dynamicquantizelinear(Laid(a))
    found = tf.cast(integer_product(whole.plain, b, zero, b_zero), tf.float32)
    found *= scale * b_scale
    return found if bias is None else found + bias
