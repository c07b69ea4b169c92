"""QLinearConv: quantised windows times a quantised kernel, quantised."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.integers import convolved_integers
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.quantising import quantised
from workers.onnx_tensorflow.windows import window


@operator("QLinearConv", since=10)
def qlinearconv(  # noqa: PLR0917 - ONNX's inputs
    x: Stored,
    x_scale: tf.Tensor,
    x_zero: Stored,
    w: Stored,
    w_scale: tf.Tensor,
    w_zero: Stored,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor,
    b: tf.Tensor | None = None,
    *,
    auto_pad: str,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
    node: Node,
) -> Laid:
    """The kernel has a scale for all or for each output channel; the bias is in units of both."""
    of = window([each or 1 for each in w.shape[2:]], strides, dilations, pads, auto_pad)
    sums = convolved_integers(x, w, (x_zero, w_zero), group, of)
    whole = sums.tensor if b is None else sums.tensor + tf.cast(b, tf.float64)
    by = tf.cast(x_scale, tf.float64) * tf.cast(w_scale, tf.float64) / tf.cast(y_scale, tf.float64)
    dtype = node.input_dtypes[7] or node.output_dtypes[0] or 2
    return sums.like(quantised(whole * by, y_zero, dtype))
