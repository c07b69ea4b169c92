"""com.microsoft.NhwcMaxPool: MaxPool of a tensor whose channels are last."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.maxpool import max_pool


@operator("NhwcMaxPool")
def nhwc_max_pool(
    x: Tensor,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    node: Any,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Pooled with the channels second, as torch has it."""
    pooled = max_pool(
        x.movedim(-1, 1),
        auto_pad=auto_pad,
        ceil_mode=ceil_mode,
        dilations=dilations,
        kernel_shape=kernel_shape,
        pads=pads,
        storage_order=0,
        strides=strides,
        node=node,
    )
    return pooled.movedim(1, -1)
