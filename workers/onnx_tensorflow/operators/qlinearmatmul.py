"""QLinearMatMul: the product of quantised matrices, quantised."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import centred_rows, matmul, per_row
from workers.onnx_tensorflow.quantising import quantised


@operator("QLinearMatMul", since=10)
def qlinearmatmul(  # noqa: PLR0917 - ONNX's inputs
    a: tf.Tensor,
    a_scale: tf.Tensor,
    a_zero: tf.Tensor,
    b: tf.Tensor,
    b_scale: tf.Tensor,
    b_zero: tf.Tensor,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor,
    *,
    node: Node,
) -> tf.Tensor:
    """a has a scale for all or for each row, b for all or for each column."""
    sums = matmul(centred_rows(a, a_zero), tf.cast(b, tf.int32) - tf.cast(b_zero, tf.int32))
    by = tf.cast(per_row(a_scale), tf.float32) * tf.cast(b_scale, tf.float32)
    scaled = tf.cast(sums, tf.float32) * (by / tf.cast(y_scale, tf.float32))
    return quantised(scaled, y_zero, node.input_dtypes[7] or node.output_dtypes[0] or 2)
