"""Conv: windows of the input times a kernel, with a bias."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.biasing import biased
from workers.onnx_tensorflow.convolution import convolved
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.windows import window


@operator("Conv")
def conv(
    x: Stored,
    w: Stored,
    b: tf.Tensor | None = None,
    *,
    auto_pad: str,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """The kernel's size is its weight's."""
    kernel = [length or 1 for length in w.shape[2:]]
    return biased(convolved(x, w, group, window(kernel, strides, dilations, pads, auto_pad)), b)
