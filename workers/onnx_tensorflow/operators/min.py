"""Min: the smallest of any number of tensors, element by element."""

from functools import reduce

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Min", elementwise=True)
def smallest(*xs: tf.Tensor) -> tf.Tensor:
    return reduce(tf.minimum, xs)
