"""ConvInteger: windows of integers times a kernel, with their zero points taken off."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.integers import convolved_integers
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.windows import window


@operator("ConvInteger", since=10)
def convinteger(
    x: Stored,
    w: Stored,
    x_zero: Stored | None = None,
    w_zero: Stored | None = None,
    *,
    auto_pad: str,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    of = window([each or 1 for each in w.shape[2:]], strides, dilations, pads, auto_pad)
    sums = convolved_integers(x, w, (x_zero, w_zero), group, of)
    return sums.like(tf.cast(sums.tensor, tf.int32))
