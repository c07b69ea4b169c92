"""Gelu: x times the share of a normal distribution that is below it."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.gelus import gelu


@operator("Gelu", since=20, elementwise=True)
def gelu_(x: tf.Tensor, *, approximate: str) -> tf.Tensor:
    return gelu(x, approximate=approximate == "tanh")
