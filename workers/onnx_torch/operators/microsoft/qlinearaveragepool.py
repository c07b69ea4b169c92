"""QLinearAveragePool: the mean of each window, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.channels import channels_back, channels_first
from workers.onnx_torch.operators.averagepool import average_pool
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearAveragePool")
def qlinearaveragepool(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor | None,
    y_scale: Tensor,
    y_zero: Tensor | None = None,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    channels_last: int | None,
    count_include_pad: int | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> Tensor:
    """Channels are second, or last."""
    pooled = average_pool(
        channels_first(dequantized(x, x_scale, x_zero), channels_last),
        auto_pad=auto_pad,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        dilations=None,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
    return requantized(channels_back(pooled, channels_last), y_scale, y_zero, x.dtype)
