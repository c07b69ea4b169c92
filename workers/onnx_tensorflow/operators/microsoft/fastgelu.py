"""FastGelu: Gelu of x and a bias, by the hyperbolic tangent."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.gelus import gelu


@operator("FastGelu")
def fastgelu(x: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    """The bias is along the last axis."""
    return gelu(x if bias is None else x + bias, approximate=True)
