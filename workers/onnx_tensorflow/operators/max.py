"""Max: the largest of any number of tensors, element by element."""

from functools import reduce

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Max", elementwise=True)
def largest(*xs: tf.Tensor) -> tf.Tensor:
    return reduce(tf.maximum, xs)
