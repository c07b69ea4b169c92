"""LpPool: the p-norm of each window."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last
from workers.onnx_tensorflow.pooling import sums
from workers.onnx_tensorflow.windows import explicit, padded, spatial_lengths, window


@operator("LpPool")
def lppool(
    x: Stored,
    *,
    auto_pad: str,
    ceil_mode: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    p: float | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """p is 2 unless said, before version 2 too."""
    of = window(kernel_shape, strides, dilations, pads, auto_pad, ceil=bool(ceil_mode))
    order = channels_last(x.rank)
    image = x.at(order).tensor
    power = 2.0 if p is None else float(p)
    whole = padded(tf.pow(tf.abs(image), power), explicit(of, spatial_lengths(image)))
    return Laid(tf.pow(sums(whole, of), 1 / power), order)
