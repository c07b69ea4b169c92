"""BiasGelu: Gelu of x and a bias."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.gelus import gelu


@operator("BiasGelu")
def biasgelu(x: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """The bias is along the last axis."""
    return gelu(x + bias)
