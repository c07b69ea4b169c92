"""CausalConvWithState: a depthwise convolution that looks back, and remembers how far."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.biasing import biased
from workers.onnx_tensorflow.convolution import convolved
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last
from workers.onnx_tensorflow.windows import window


@operator("CausalConvWithState")
def causalconvwithstate(
    x: Stored,
    weight: Stored,
    bias: tf.Tensor | None = None,
    past: Stored | None = None,
    *,
    activation: str,
) -> tuple[Laid, Laid]:
    """x is (batch, channels, length), weight (channels, 1, k), past (batch, channels, k - 1)."""
    order = channels_last(x.rank)
    line = x.at(order).tensor
    reach = (weight.shape[2] or 1) - 1
    if past is None:
        before = tf.pad(line, [(0, 0), (reach, 0), (0, 0)])
    else:
        before = tf.concat([past.at(order).tensor, line], 1)
    of = window([reach + 1], None, None, None, None)
    found = biased(convolved(Laid(before, order), weight, weight.shape[0] or 1, of), bias)
    present = before[:, length(before, 1) - reach :]
    if activation in ("silu", "swish"):
        found = found.like(tf.nn.silu(found.tensor))
    return found, Laid(present, order)
