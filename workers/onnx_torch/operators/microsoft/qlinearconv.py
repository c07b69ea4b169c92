"""QLinearConv: ONNX's own, for images with channels last."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.channels import channels_back, channels_first
from workers.onnx_torch.operators.qlinearconv import qlinearconv


@operator("QLinearConv")
def qlinearconv_nhwc(  # noqa: PLR0917 - ONNX Runtime's inputs
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor,
    w: Tensor,
    w_scale: Tensor,
    w_zero: Tensor,
    y_scale: Tensor,
    y_zero: Tensor,
    b: Tensor | None = None,
    *,
    auto_pad: str | None,
    channels_last: int | None,
    dilations: list[int] | None,
    group: int | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Channels of x and of the result are last if `channels_last`; those of w stay first."""
    found = qlinearconv(
        channels_first(x, channels_last),
        x_scale,
        x_zero,
        w,
        w_scale,
        w_zero,
        y_scale,
        y_zero,
        b,
        auto_pad=auto_pad,
        dilations=dilations,
        group=group or 1,
        pads=pads,
        strides=strides,
    )
    return channels_back(found, channels_last)
