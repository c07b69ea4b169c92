"""Col2Im: columns of blocks added up to an image."""

from math import prod
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, length, reshaped


@operator("Col2Im")
def col2im(
    x: tf.Tensor,
    image_shape: Ints,
    block_shape: Ints,
    *,
    dilations: list[int] | None,
    pads: list[int] | None,
    strides: list[int] | None,
) -> tf.Tensor:
    """(N, C * block, L) to (N, C, *image)."""
    if not are_known([*image_shape, *block_shape]):
        raise CannotTranslate(
            "needs the shapes of image and block before the model runs",
            hint="Make them constants of the model.",
        )
    rank = len(image_shape)
    pads = pads or [0] * 2 * rank
    wide = [size + pads[axis] + pads[axis + rank] for axis, size in enumerate(image_shape)]
    index = _index(wide, block_shape, strides or [1] * rank, dilations or [1] * rank)
    batch, channels = length(x, 0), length(x, 1) // prod(block_shape)
    columns = tf.transpose(reshaped(x, [batch, channels, index.size]), [2, 0, 1])
    sums = tf.math.unsorted_segment_sum(columns, index, prod(wide))
    whole = reshaped(tf.transpose(sums, [1, 2, 0]), [batch, channels, *wide])
    cut = [slice(pads[axis], pads[axis] + size) for axis, size in enumerate(image_shape)]
    return whole[(slice(None), slice(None), *cut)]


def _index(
    image: list[int], block: list[int], strides: list[int], dilations: list[int]
) -> NDArray[Any]:
    """Where in the flat image each element of each block lies; blocks vary fastest."""
    flat: NDArray[Any] = np.zeros((1, 1), np.int64)
    for size, side, stride, dilation in zip(image, block, strides, dilations, strict=True):
        count = (size - dilation * (side - 1) - 1) // stride + 1
        places = np.arange(side)[:, None] * dilation + np.arange(count)[None, :] * stride
        flat = flat[:, None, :, None] * size + places[None, :, None, :]
        flat = flat.reshape(flat.shape[0] * side, -1)
    return flat.reshape(-1)
