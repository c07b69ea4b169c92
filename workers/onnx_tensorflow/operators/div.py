"""Div: a / b; integers are cut off towards zero."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.broadcasting import placed


@operator("Div", since=7, elementwise=True)
def div(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Of unsigned integers the floor is the same, and has more kernels."""
    if a.dtype.is_unsigned:
        return a // b
    if a.dtype.is_integer:
        return tf.truncatediv(a, b)
    return a / b


@operator("Div", since=1)
def div_1(a: tf.Tensor, b: tf.Tensor, *, axis: int | None, broadcast: int | None) -> tf.Tensor:
    """With broadcasting of the old kind."""
    return div(a, placed(b, a, axis, broadcast))
