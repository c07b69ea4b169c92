"""AveragePool: the mean of each window."""

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.pooling import mean
from workers.onnx_tensorflow.windows import window


@operator("AveragePool")
def averagepool(
    x: Stored,
    *,
    auto_pad: str,
    ceil_mode: int | None,
    count_include_pad: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    of = window(kernel_shape, strides, dilations, pads, auto_pad, ceil=bool(ceil_mode))
    return mean(x, of, with_padding=bool(count_include_pad))
