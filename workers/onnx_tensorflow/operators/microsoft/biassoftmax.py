"""BiasSoftmax: the softmax of x and a bias."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.flattening import over_rest


@operator("BiasSoftmax")
def biassoftmax(x: tf.Tensor, bias: tf.Tensor, *, axis: int | None) -> tf.Tensor:
    """Over all axes from `axis` on, as if they were one. The bias is broadcast to x."""
    return over_rest(tf.nn.softmax, x + bias, 1 if axis is None else axis)
