"""ConvInteger: a convolution of integers of 8 bits, in int32."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.conv import conv
from workers.onnx_torch.products import offset


@operator("ConvInteger")
def convinteger(
    x: Tensor,
    w: Tensor,
    x_zero: Tensor | None = None,
    w_zero: Tensor | None = None,
    *,
    auto_pad: str | None,
    dilations: list[int] | None,
    group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Computed in float64, which holds such sums exactly. What is padded is the zero point."""
    if w_zero is not None and w_zero.ndim:
        w_zero = w_zero.reshape(-1, *[1] * (w.ndim - 1))
    found = conv(
        offset(x, x_zero).to(torch.float64),
        offset(w, w_zero).to(torch.float64),
        auto_pad=auto_pad,
        dilations=dilations,
        group=group,
        pads=pads,
        strides=strides,
    )
    return found.to(torch.int32)
