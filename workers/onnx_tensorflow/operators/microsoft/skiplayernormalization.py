"""SkipLayerNormalization: the layer norm of x, what goes past it, and a bias."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.skipping import LEAST, layer_norm


@operator("SkipLayerNormalization")
def skiplayernormalization(
    x: tf.Tensor,
    skip: tf.Tensor,
    gamma: tf.Tensor,
    beta: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[tf.Tensor, ...]:
    """Along the last axis. Mean and inverse deviation go out, and the sum."""
    whole = x + skip if bias is None else x + skip + bias
    return (*layer_norm(whole, gamma, beta, LEAST if epsilon is None else epsilon), whole)
