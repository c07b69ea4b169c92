"""QLinearAveragePool: the mean of each window, quantised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical, channels_last
from workers.onnx_tensorflow.pooling import mean
from workers.onnx_tensorflow.requantising import real, requantised
from workers.onnx_tensorflow.windows import window


@operator("QLinearAveragePool")
def qlinearaveragepool(
    x: Stored,
    x_scale: tf.Tensor,
    x_zero: tf.Tensor | None,
    y_scale: tf.Tensor,
    y_zero: tf.Tensor | None = None,
    *,
    auto_pad: str | None,
    ceil_mode: int | None,
    channels_last: int | None,
    count_include_pad: int | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """Channels are second, or last."""
    of = window(kernel_shape, strides, None, pads, auto_pad, ceil=bool(ceil_mode))
    image = Laid(x.plain, _last(x.rank)) if channels_last else x
    found = mean(
        image.like(real(image.tensor, x_scale, x_zero)), of, with_padding=bool(count_include_pad)
    )
    whole = requantised(found.tensor, y_scale, y_zero, x.dtype)
    return Laid(whole, canonical(x.rank) if channels_last else found.order)


def _last(rank: int) -> tuple[int, ...]:
    return channels_last(rank)
