"""Scatter: what ScatterElements was called before version 11."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.operators.scatterelements import scatter_elements


@operator("Scatter")
def scatter(x: tf.Tensor, indices: tf.Tensor, updates: tf.Tensor, *, axis: int) -> tf.Tensor:
    """Without a reduction."""
    return scatter_elements(x, indices, updates, axis=axis, reduction=None)
