"""Sampling: values of an image between its pixels."""

from collections.abc import Callable
from itertools import product

import tensorflow as tf

from workers.onnx_tensorflow.extents import lengths, shape_of

Pick = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Takes images (N, *spatial, C) and places (N, *points, rank) in int32; (N, *points, C)."""

SHARPNESS = -0.75
"""Of Keys' cubic convolution, as PyTorch and ONNX have it."""


def spatial(x: tf.Tensor) -> tf.Tensor:
    """The lengths of the axes between the first and the last."""
    return tf.convert_to_tensor(shape_of(lengths(x)[1:-1]))


def or_zero(x: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Zero outside of the image."""
    sizes = spatial(x)
    inside = tf.reduce_all((places >= 0) & (places < sizes), axis=-1, keepdims=True)
    return tf.where(inside, or_nearest(x, places), tf.zeros([], x.dtype))


def or_nearest(x: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Outside of the image what is nearest at its border."""
    return tf.gather_nd(x, tf.clip_by_value(places, 0, spatial(x) - 1), batch_dims=1)


def linear(x: tf.Tensor, points: tf.Tensor, pick: Pick) -> tf.Tensor:
    """Between the pixels around each point."""
    floor = tf.floor(points)
    part = points - floor
    return _weighted(x, tf.cast(floor, tf.int32), [(0, 1 - part), (1, part)], pick)


def cubic(x: tf.Tensor, points: tf.Tensor, pick: Pick) -> tf.Tensor:
    """With the four pixels around each point along every axis."""
    floor = tf.floor(points)
    part = points - floor
    taps = [(-1, _far(part + 1)), (0, _near(part)), (1, _near(1 - part)), (2, _far(2 - part))]
    return _weighted(x, tf.cast(floor, tf.int32), taps, pick)


def reflected(points: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """Back and forth between two borders."""
    span = high - low
    away = tf.abs(points - low)
    flips = tf.floor(tf.math.divide_no_nan(away, span))
    rest = away - flips * span
    back = tf.equal(tf.math.floormod(flips, 2), 1)
    return tf.where(tf.equal(span, 0), low, tf.where(back, high - rest, low + rest))


def _weighted(
    x: tf.Tensor, floor: tf.Tensor, taps: list[tuple[int, tf.Tensor]], pick: Pick
) -> tf.Tensor:
    """The sum over all combinations of taps, one for each axis."""
    rank = floor.shape[-1]
    total = None
    for chosen in product(taps, repeat=rank):
        weight = tf.ones([], x.dtype)
        for axis, (_, factor) in enumerate(chosen):
            weight = weight * tf.cast(factor[..., axis : axis + 1], x.dtype)
        part = weight * pick(x, floor + tf.constant([step for step, _ in chosen]))
        total = part if total is None else total + part
    return total


def _near(x: tf.Tensor) -> tf.Tensor:
    return ((SHARPNESS + 2) * x - (SHARPNESS + 3)) * x * x + 1


def _far(x: tf.Tensor) -> tf.Tensor:
    return ((SHARPNESS * x - 5 * SHARPNESS) * x + 8 * SHARPNESS) * x - 4 * SHARPNESS
