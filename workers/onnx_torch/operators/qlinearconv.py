"""QLinearConv: a convolution of quantized tensors, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.conv import conv
from workers.onnx_torch.products import offset
from workers.onnx_torch.quantizing import number, requantized


@operator("QLinearConv")
def qlinearconv(  # noqa: PLR0917 - ONNX's inputs
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
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """The weights may have a scale for each channel; the bias is in scales of the product."""
    found = conv(
        offset(x, x_zero),
        offset(w, _along(w_zero, 0, w.ndim)),
        None if b is None else number(b),
        auto_pad=auto_pad,
        dilations=dilations,
        group=group,
        pads=pads,
        strides=strides,
    )
    scale = x_scale * _along(w_scale, 1, found.ndim)
    return requantized(found * scale, y_scale, y_zero, y_zero.dtype)


def _along(each: Tensor, axis: int, rank: int) -> Tensor:
    if each.ndim == 0 or each.shape[0] == 1:
        return each.reshape(())
    return each.reshape([-1 if place == axis else 1 for place in range(rank)])
