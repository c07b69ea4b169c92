"""DeformConv: a convolution whose taps are moved by offsets."""

from math import prod

import numpy as np
import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow import sampling
from workers.onnx_tensorflow.extents import lengths, reshaped, shape_of
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last


@operator("DeformConv")
def deform_conv(
    x: Stored,
    w: tf.Tensor,
    offset: Stored,
    b: tf.Tensor | None = None,
    mask: Stored | None = None,
    *,
    dilations: list[int] | None,
    group: int,
    kernel_shape: list[int] | None,
    offset_group: int,
    pads: list[int] | None,
    strides: list[int] | None,
) -> Laid:
    """Beyond the image is zero."""
    rank = x.rank - 2
    kernel = kernel_shape or [int(each) for each in w.shape[2:]]
    image = x.at(channels_last(x.rank)).tensor
    moves = offset.at(channels_last(x.rank)).tensor
    batch, *out = lengths(moves)[:-1]
    taps = prod(kernel)
    base = _base(out, kernel, strides or [1] * rank, dilations or [1] * rank, pads or [0] * rank)
    moves = tf.reshape(moves, shape_of([batch, *out, offset_group, taps, rank]))
    points = tf.cast(base, moves.dtype) + moves
    parts = [
        sampling.linear(part, points[..., index, :, :], sampling.or_zero)
        for index, part in enumerate(tf.split(image, offset_group, axis=-1))
    ]
    if mask is not None:
        factors = mask.at(channels_last(x.rank)).tensor
        factors = tf.reshape(factors, shape_of([batch, *out, offset_group, taps, 1]))
        parts = [part * factors[..., index, :, :] for index, part in enumerate(parts)]
    columns = tf.concat(parts, axis=-1)
    weights = tf.transpose(reshaped(w, [*lengths(w)[:2], taps]), [2, 1, 0])
    made = tf.concat(
        [
            tf.tensordot(column, weight, axes=2)
            for column, weight in zip(
                tf.split(columns, group, axis=-1), tf.split(weights, group, axis=-1), strict=True
            )
        ],
        axis=-1,
    )
    return Laid(made if b is None else made + b, channels_last(x.rank))


def _base(
    out: list[int], kernel: list[int], strides: list[int], dilations: list[int], pads: list[int]
) -> tf.Tensor:
    """Where the taps are without offsets; (*out, 1, taps, rank)."""
    rank = len(kernel)
    starts = [
        tf.range(size) * stride - pad
        for size, stride, pad in zip(out, strides, pads[:rank], strict=True)
    ]
    corners = tf.stack(tf.meshgrid(*starts, indexing="ij"), axis=-1)
    taps = np.stack(np.meshgrid(*map(np.arange, kernel), indexing="ij"), axis=-1)
    steps = (taps.reshape(-1, rank) * np.array(dilations)).astype(np.int32)
    return corners[..., None, None, :] + steps
