"""MatMul: the product of matrices, or of stacks of them."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.products import matmul


@operator("MatMul")
def matmul_(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return matmul(a, b)
