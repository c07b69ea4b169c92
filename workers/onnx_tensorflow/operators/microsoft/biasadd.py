"""BiasAdd: x, a bias of its channels, and what goes past."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("BiasAdd")
def biasadd(x: tf.Tensor, bias: tf.Tensor, skip: tf.Tensor) -> tf.Tensor:
    """Channels are last."""
    return tf.nn.bias_add(x, bias) + skip
