"""LpPool: the p-norm of each window."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.pooling import kernel_axes, spread
from workers.onnx_torch.windows import window


@operator("LpPool")
def lp_pool(
    x: Tensor,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    p: float | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """torch's own takes no absolute values, so that odd powers cancel out."""
    found = window(
        x.shape[2:],
        kernel_shape,
        strides=strides,
        dilations=dilations,
        pads=pads,
        auto_pad=auto_pad,
    )
    power = 2 if p is None else p
    windows = spread(x.abs() ** power, found, 0, ceil=bool(ceil_mode))
    return windows.sum(kernel_axes(found)) ** (1 / power)
