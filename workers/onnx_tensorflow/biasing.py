"""Biases: one number for each channel, added where TensorFlow fuses it with what is before."""

from typing import Any

from workers.onnx_tensorflow.layout import Laid


def biased(x: Laid, bias: Any | None) -> Laid:
    """`x` is stored with its channels last; `bias` is a vector."""
    import tensorflow as tf

    if bias is None:
        return x
    if x.dtype.is_floating:
        return x.like(tf.nn.bias_add(x.tensor, bias))
    return x.like(x.tensor + bias)
