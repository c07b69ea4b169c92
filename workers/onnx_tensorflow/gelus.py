"""Gelu: x times the share of a normal distribution that is below it."""

from typing import Any

from workers.onnx_tensorflow.widening import precisely


def gelu(x: Any, *, approximate: bool = False) -> Any:
    """Exactly, or by the hyperbolic tangent; in the form that TensorFlow Lite knows."""
    import tensorflow as tf

    return precisely(lambda wide: tf.nn.gelu(wide, approximate), x)
