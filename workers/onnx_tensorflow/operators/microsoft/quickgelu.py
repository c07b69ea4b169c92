"""QuickGelu: x * sigmoid(alpha * x)."""

import tensorflow as tf

from workers.onnx_graph.registry import operator

DEFAULT = 1.702


@operator("QuickGelu", elementwise=True)
def quickgelu(x: tf.Tensor, *, alpha: float | None) -> tf.Tensor:
    """Near to Gelu with the default alpha, Swish with 1."""
    return x * tf.sigmoid((DEFAULT if alpha is None else alpha) * x)
