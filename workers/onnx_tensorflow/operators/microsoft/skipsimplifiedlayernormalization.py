"""SkipSimplifiedLayerNormalization: x, what goes past it and a bias, by their mean square."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.skipping import LEAST, root_mean_square_norm


@operator("SkipSimplifiedLayerNormalization")
def skipsimplifiedlayernormalization(
    x: tf.Tensor,
    skip: tf.Tensor,
    gamma: tf.Tensor,
    bias: tf.Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[tf.Tensor, ...]:
    """Along the last axis. The sum goes out as the fourth."""
    whole = x + skip if bias is None else x + skip + bias
    found, inverse = root_mean_square_norm(whole, gamma, LEAST if epsilon is None else epsilon)
    return found, tf.reduce_mean(whole, -1, keepdims=True), inverse, whole
