"""QLinearConv: ONNX's own, for images with channels last."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical
from workers.onnx_tensorflow.layout import channels_last as last_of
from workers.onnx_tensorflow.operators.qlinearconv import qlinearconv


@operator("QLinearConv")
def qlinearconv_last(  # noqa: PLR0917 - ONNX Runtime's inputs
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
    auto_pad: str | None,
    channels_last: int | None,
    dilations: list[int] | None,
    group: int | None,
    pads: list[int] | None,
    strides: list[int] | None,
    node: Node,
) -> Laid:
    """Channels of x and of the result are last if `channels_last`; those of w stay first."""
    image = Laid(x.plain, last_of(x.rank)) if channels_last else x
    told = (image, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, b)
    found: Laid = qlinearconv(
        *told,
        auto_pad=auto_pad,
        dilations=dilations,
        group=group or 1,
        pads=pads,
        strides=strides,
        node=node,
    )
    return Laid(found.tensor, canonical(x.rank)) if channels_last else found
