"""Sampling: values of an image between its pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import tensorflow as tf

from workers.onnx_tensorflow.extents import lengths, shape_of

SHARPNESS = -0.75
"""Of Keys' cubic convolution, as PyTorch and ONNX have it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Pixels by axis: indices within the image, (N, *points, rank), and whether they were; None:
    all of them count.
    """

    index: tf.Tensor
    inside: tf.Tensor | None


Resolve = Callable[[tf.Tensor, tf.Tensor], Places]
"""Takes images (N, *spatial, C) and pixels in int32 that may lie outside of them."""

Interpolation = Callable[[tf.Tensor, tf.Tensor, Resolve], tf.Tensor]
"""Takes images, points (N, *points, rank) and what is outside; gives (N, *points, C)."""


def spatial(x: tf.Tensor) -> tf.Tensor:
    """The lengths of the axes between the first and the last."""
    return tf.convert_to_tensor(shape_of(lengths(x)[1:-1]))


def or_zero(x: tf.Tensor, pixels: tf.Tensor) -> Places:
    """Zero outside of the image."""
    index = or_nearest(x, pixels).index
    return Places(index, tf.equal(index, pixels))


def or_nearest(x: tf.Tensor, pixels: tf.Tensor) -> Places:
    """Outside of the image what is nearest at its border."""
    return Places(tf.clip_by_value(pixels, 0, spatial(x) - 1), None)


def nearest(x: tf.Tensor, points: tf.Tensor, resolve: Resolve) -> tf.Tensor:
    """The pixel at each point, (N, *points, C); of two the even one."""
    return _picked(x, resolve(x, tf.cast(tf.round(points), tf.int32)))


def linear(x: tf.Tensor, points: tf.Tensor, resolve: Resolve) -> tf.Tensor:
    """Between the pixels around each point."""
    floor, part = _parted(points)
    return _weighted(x, floor, {0: 1 - part, 1: part}, resolve)


def cubic(x: tf.Tensor, points: tf.Tensor, resolve: Resolve) -> tf.Tensor:
    """With the four pixels around each point along every axis."""
    floor, part = _parted(points)
    weights = {-1: _far(part + 1), 0: _near(part), 1: _near(1 - part), 2: _far(2 - part)}
    return _weighted(x, floor, weights, resolve)


def reflected(points: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """Back and forth between two borders."""
    span = high - low
    away = tf.abs(points - low)
    flips = tf.floor(tf.math.divide_no_nan(away, span))
    rest = away - flips * span
    back = tf.equal(tf.math.floormod(flips, 2), 1)
    return tf.where(tf.equal(span, 0), low, tf.where(back, high - rest, low + rest))


def _parted(points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    floor = tf.floor(points)
    return tf.cast(floor, tf.int32), points - floor


def _weighted(
    x: tf.Tensor, floor: tf.Tensor, taps: dict[int, tf.Tensor], resolve: Resolve
) -> tf.Tensor:
    """The sum over all combinations of taps, one for each axis."""
    rank = floor.shape[-1]
    chosen = np.array(list(product(range(len(taps)), repeat=rank)))
    pixels = floor[..., None, :] + tf.constant(np.array(list(taps))[chosen], tf.int32)
    factors = tf.stack(list(taps.values()), axis=-1)
    columns = [tf.gather(factors[..., axis, :], chosen[:, axis], axis=-1) for axis in range(rank)]
    weights = tf.reduce_prod(tf.stack(columns, axis=-1), axis=-1, keepdims=True)
    values = _picked(x, resolve(x, pixels))
    return tf.reduce_sum(values * tf.cast(weights, x.dtype), axis=-2)


def _picked(x: tf.Tensor, places: Places) -> tf.Tensor:
    values = tf.gather_nd(x, places.index, batch_dims=1)
    if places.inside is None:
        return values
    inside = tf.reduce_all(places.inside, axis=-1, keepdims=True)
    return tf.where(inside, values, tf.zeros([], x.dtype))


def _near(x: tf.Tensor) -> tf.Tensor:
    return ((SHARPNESS + 2) * x - (SHARPNESS + 3)) * x * x + 1


def _far(x: tf.Tensor) -> tf.Tensor:
    return ((SHARPNESS * x - 5 * SHARPNESS) * x + 8 * SHARPNESS) * x - 4 * SHARPNESS
