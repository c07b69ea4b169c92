"""ConvTranspose: each element of the input spread by a kernel, with a bias."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.biasing import biased
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.transposed import transposed
from workers.onnx_tensorflow.windows import window


@operator("ConvTranspose")
def convtranspose(
    x: Stored,
    w: Stored,
    b: tf.Tensor | None = None,
    *,
    auto_pad: str,
    dilations: list[int] | None,
    group: int,
    output_padding: list[int] | None,
    output_shape: list[int] | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """The kernel's size is its weight's."""
    kernel = [length or 1 for length in w.shape[2:]]
    of = window(kernel, strides, dilations, pads, auto_pad)
    more = output_padding or [0] * len(kernel)
    return biased(transposed(x, w, group, of, more=more, wanted=output_shape), b)
