"""DeformConv: a convolution whose kernel looks where offsets say."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.windows import Window, window


@operator("DeformConv")
def deform_conv(
    x: Tensor,
    w: Tensor,
    offset: Tensor,
    b: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    dilations: list[int] | None,
    group: int,
    offset_group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Pixels are sampled linearly by kernel element, then weighed as by a 1x1 convolution."""
    if x.ndim != 4:  # noqa: PLR2004
        raise CannotTranslate(f"is written for two axes and given {x.ndim - 2}")
    found = window(
        x.shape[2:], w.shape[2:], strides=strides, dilations=dilations, pads=pads, auto_pad=None
    )
    batch, channels = x.shape[:2]
    rows, columns = offset.shape[2:]
    taps = w.shape[2] * w.shape[3]
    moved = offset.reshape(batch * offset_group, taps, 2, rows, columns)
    at = moved + _places(x, found, rows, columns)
    scale = torch.tensor(1.0, dtype=x.dtype)
    grid = torch.stack(
        (
            at[:, :, 1] * (2 / (scale * max(x.shape[3] - 1, 1))) - 1,
            at[:, :, 0] * (2 / (scale * max(x.shape[2] - 1, 1))) - 1,
        ),
        -1,
    )
    image = x.reshape(batch * offset_group, channels // offset_group, *x.shape[2:])
    seen = functional.grid_sample(
        image, grid.reshape(batch * offset_group, taps * rows, columns, 2), align_corners=True
    ).reshape(batch, offset_group, channels // offset_group, taps, rows, columns)
    if mask is not None:
        seen = seen * mask.reshape(batch, offset_group, 1, taps, rows, columns)
    taken = seen.reshape(batch, channels * taps, rows, columns)
    return functional.conv2d(taken, w.reshape(w.shape[0], -1, 1, 1), b, groups=group)


def _places(x: Tensor, found: Window, rows: Any, columns: Any) -> Tensor:
    """Where each element of the kernel looks without offsets; (taps, 2, rows, columns)."""
    axes = []
    for axis, count in enumerate((rows, columns)):
        start = torch.arange(count, device=x.device) * found.strides[axis] - found.begins[axis]
        tap = torch.arange(found.kernel[axis], device=x.device) * found.dilations[axis]
        axes.append((tap[:, None] + start).to(x.dtype))
    down, across = axes
    height, width = found.kernel
    shape = (height, width, rows, columns)
    return torch.stack(
        (down[:, None, :, None].expand(shape), across[None, :, None, :].expand(shape)), 2
    ).reshape(height * width, 2, rows, columns)
