"""Sum: of any number of tensors, element by element."""

from functools import reduce
from operator import add

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("Sum", elementwise=True)
def total(*xs: tf.Tensor) -> tf.Tensor:
    return reduce(add, xs)
