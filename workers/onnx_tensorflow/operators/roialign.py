"""RoiAlign: an image's values in boxes, each cut into the same number of bins."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last
from workers.onnx_tensorflow.sampling import spatial


@operator("RoiAlign", since=10)
def roi_align_10(
    x: Stored,
    rois: tf.Tensor,
    batch_indices: tf.Tensor,
    *,
    mode: str,
    output_height: int,
    output_width: int,
    sampling_ratio: int,
    spatial_scale: float,
) -> Laid:
    """Before version 16 pixels were not moved by a half."""
    bins = _Bins((output_height, output_width), sampling_ratio, mode, half=False)
    return _aligned(x, rois * spatial_scale, batch_indices, bins)


@operator("RoiAlign", since=16)
def roi_align(
    x: Stored,
    rois: tf.Tensor,
    batch_indices: tf.Tensor,
    *,
    coordinate_transformation_mode: str,
    mode: str,
    output_height: int,
    output_width: int,
    sampling_ratio: int,
    spatial_scale: float,
) -> Laid:
    """Boxes are (x1, y1, x2, y2)."""
    half = coordinate_transformation_mode == "half_pixel"
    bins = _Bins((output_height, output_width), sampling_ratio, mode, half)
    return _aligned(x, rois * spatial_scale, batch_indices, bins)


@dataclass(frozen=True, slots=True)
class _Bins:
    """How many bins a box has, and samples along each axis of a bin (0: as many as pixels)."""

    size: tuple[int, int]
    samples: int
    mode: str
    half: bool


def _aligned(x: Laid, boxes: tf.Tensor, batch: tf.Tensor, bins: _Bins) -> Laid:
    """Weights of rows and of columns, each with two pixels for each sample of each bin."""
    image = x.at(channels_last(x.rank)).tensor
    boxes = boxes - 0.5 if bins.half else boxes
    height, width = tf.unstack(spatial(image))
    rows = _line(boxes[:, 1::2], 0, height, bins)
    columns = _line(boxes[:, 0::2], 1, width, bins)
    batch = tf.cast(batch, tf.int32)
    picked = [
        [_picked(image, batch, row[0], column[0]) for column in columns[:2]] for row in rows[:2]
    ]
    counts = tf.cast(rows[2][:, None] * columns[2][:, None], image.dtype)[..., None, None]
    parts = [
        picked[i][j] * _outer(rows[i][1], columns[j][1], image.dtype)
        for i in range(2)
        for j in range(2)
    ]
    if bins.mode == "max":
        greatest = tf.reduce_max(tf.stack(parts), axis=0)
        used = _outer(rows[3], columns[3], tf.int32) > 0
        low = tf.where(used, greatest, image.dtype.min)
        found = tf.reduce_max(low, axis=[2, 4])
        made = tf.where(counts > 0, found, tf.zeros([], image.dtype))
    else:
        made = tf.reduce_sum(tf.add_n(parts), axis=[2, 4]) / tf.maximum(counts, 1)
    return Laid(made, channels_last(x.rank))


def _line(ends: tf.Tensor, axis: int, size: Any, bins: _Bins) -> tuple[Any, ...]:
    """Samples along one axis, of shape (boxes, bins, samples).

    The pixel before and its weight, that after and its weight, how many samples a bin of each
    box has, and which of the samples those are.
    """
    begin, number, ratio = ends[:, 0], bins.size[axis], bins.samples
    span = ends[:, 1] - begin if bins.half else tf.maximum(ends[:, 1] - begin, 1)
    step = span / number
    count = tf.fill(tf.shape(span), ratio) if ratio > 0 else tf.cast(tf.math.ceil(step), tf.int32)
    count = tf.maximum(count, 0)
    most = ratio if ratio > 0 else tf.reduce_max(tf.concat([count, [1]], axis=0))
    places = tf.cast(tf.range(most), begin.dtype) + 0.5
    divided = tf.cast(tf.maximum(count, 1), begin.dtype)
    inner = places[None, :] * (step / divided)[:, None]
    outer = tf.cast(tf.range(number), begin.dtype)[None, :] * step[:, None] + begin[:, None]
    points = outer[:, :, None] + inner[:, None, :]
    used = tf.broadcast_to((tf.range(most)[None, :] < count[:, None])[:, None], tf.shape(points))
    edge = tf.cast(size, begin.dtype)
    inside = used & (points >= -1) & (points <= edge)
    points = tf.clip_by_value(points, 0, edge - 1)
    before = tf.floor(points)
    part = points - before
    keep = tf.cast(inside, begin.dtype)
    low = tf.cast(before, tf.int32)
    high = tf.minimum(low + 1, size - 1)
    return (low, (1 - part) * keep), (high, part * keep), count, used


def _picked(image: tf.Tensor, batch: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """(boxes, bins, samples, bins, samples, channels)."""
    boxes = length(batch, 0)
    row = rows[:, :, :, None, None]
    column = columns[:, None, None, :, :]
    shape = tf.broadcast_dynamic_shape(tf.shape(row), tf.shape(column))
    which = tf.reshape(batch, [boxes, 1, 1, 1, 1])
    places = tf.stack([tf.broadcast_to(each, shape) for each in (which, row, column)], axis=-1)
    return tf.gather_nd(image, places)


def _outer(rows: tf.Tensor, columns: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    row, column = tf.cast(rows, dtype), tf.cast(columns, dtype)
    return (row[:, :, :, None, None] * column[:, None, None, :, :])[..., None]
