"""MaxPool: the greatest of each window, and where it was."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.pooling import narrow, spread
from workers.onnx_torch.windows import Window, window

POOLS: dict[int, Any] = {
    1: functional.max_pool1d,
    2: functional.max_pool2d,
    3: functional.max_pool3d,
}
"""By the number of spatial axes."""


@operator("MaxPool")
def max_pool(
    x: Tensor,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    storage_order: int | None,
    strides: list[int] | None,
    node: Any,
) -> Tensor | tuple[Tensor, Tensor]:
    """Indices count through the whole input, in rows, or in columns by `storage_order`."""
    found = window(
        x.shape[2:],
        kernel_shape,
        strides=strides,
        dilations=dilations,
        pads=pads,
        auto_pad=auto_pad,
    )
    ceil = bool(ceil_mode)
    if any(node.outputs[1:]):
        return _with_places(x, found, ceil=ceil, columns=bool(storage_order))
    if x.is_floating_point() and found.rank in POOLS:
        if not narrow(found):
            x = functional.pad(x, found.amounts, value=-torch.inf)
            found = Window(
                found.kernel, found.strides, found.dilations, [0] * found.rank, [0] * found.rank
            )
        pool = POOLS[found.rank]
        return pool(x, found.kernel, found.strides, found.begins, found.dilations, ceil)
    return spread(x, found, _least(x), ceil=ceil).flatten(-found.rank).amax(-1)


def _least(x: Tensor) -> Any:
    return -torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min


def _with_places(x: Tensor, found: Window, *, ceil: bool, columns: bool) -> tuple[Tensor, Tensor]:
    places = torch.arange(x.numel(), device=x.device).reshape(x.shape)
    if columns:
        axes = [0, 1, *reversed(range(2, x.ndim))]
        turned = torch.arange(x.numel(), device=x.device).reshape([x.shape[each] for each in axes])
        places = turned.permute(axes)
    windows = spread(x, found, _least(x), ceil=ceil).flatten(-found.rank)
    where = spread(places, found, -1, ceil=ceil).flatten(-found.rank)
    best = windows.masked_fill(where < 0, _least(x)).argmax(-1, keepdim=True)
    return windows.gather(-1, best).squeeze(-1), where.gather(-1, best).squeeze(-1)
