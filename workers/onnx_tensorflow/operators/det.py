"""Det: the determinant of square matrices."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.widening import precisely


@operator("Det", since=11)
def det(x: tf.Tensor) -> tf.Tensor:
    return precisely(tf.linalg.det, x)
