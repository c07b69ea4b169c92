"""com.microsoft.Range: numbers from one to another."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.range import range_ as numbers


@operator("Range")
def range_(start: tf.Tensor, limit: tf.Tensor, delta: tf.Tensor | None = None) -> tf.Tensor:
    """By ones, where no step is given."""
    return numbers(start, limit, tf.ones([], start.dtype) if delta is None else delta)
