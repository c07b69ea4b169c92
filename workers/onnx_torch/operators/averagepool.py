"""AveragePool: the mean of each window."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.pooling import counts, kernel_axes, narrow, spread
from workers.onnx_torch.windows import window

POOLS: dict[int, Any] = {
    1: functional.avg_pool1d,
    2: functional.avg_pool2d,
    3: functional.avg_pool3d,
}
"""By the number of spatial axes."""


@operator("AveragePool")
def average_pool(
    x: Tensor,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    count_include_pad: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Dilated windows and uneven padding are laid out and counted here; torch has neither."""
    found = window(
        x.shape[2:],
        kernel_shape,
        strides=strides,
        dilations=dilations,
        pads=pads,
        auto_pad=auto_pad,
    )
    ceil, padding = bool(ceil_mode), bool(count_include_pad)
    if narrow(found) and all(each == 1 for each in found.dilations):
        pool = POOLS[found.rank]
        return pool(x, found.kernel, found.strides, found.begins, ceil, padding)
    if (
        all(each == 1 for each in found.dilations)
        and found.rank in POOLS
        and (padding or not found.padded)
        and not ceil
    ):
        return POOLS[found.rank](functional.pad(x, found.amounts), found.kernel, found.strides)
    whole = x.float() if x.dtype in {torch.float16, torch.bfloat16} else x
    total = spread(whole, found, 0, ceil=ceil).sum(kernel_axes(found))
    return (total / counts(whole, found, ceil=ceil, padding=padding)).to(x.dtype)
