"""HardSigmoid: alpha * x + beta between 0 and 1."""

import tensorflow as tf

from workers.onnx_graph.registry import operator

SIXTH = 1 / 6


@operator("HardSigmoid", elementwise=True)
def hardsigmoid(x: tf.Tensor, *, alpha: float, beta: float) -> tf.Tensor:
    """PyTorch's factors in the form that TensorFlow Lite knows as one operator."""
    if abs(alpha - SIXTH) < 1e-6 and beta == 0.5:  # noqa: PLR2004 - float32's sixth, and a half
        return tf.nn.relu6(x + 3) * SIXTH
    return tf.clip_by_value(alpha * x + beta, 0, 1)
