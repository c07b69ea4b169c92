"""Gelu: ONNX's own, before ONNX had it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.gelus import gelu


@operator("Gelu", elementwise=True)
def gelu_(x: tf.Tensor) -> tf.Tensor:
    return gelu(x)
