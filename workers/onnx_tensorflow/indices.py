"""Indices: counted from the front, which TensorFlow wants, and as coordinates of elements."""

from typing import Any

import tensorflow as tf

from workers.onnx_tensorflow.extents import lengths, product, shape_of


def from_front(indices: tf.Tensor, size: Any) -> tf.Tensor:
    """With those that count from the end of `size` elements brought to the front."""
    known = tf.get_static_value(indices)
    if known is not None and (known >= 0).all():
        return indices
    return tf.where(indices < 0, indices + tf.cast(size, indices.dtype), indices)


def along(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    """Coordinates in `x` of elements of which `indices` tell the one along `axis`.

    Shape (*indices.shape, rank of x), int64.
    """
    sizes = lengths(indices)
    places = from_front(tf.cast(indices, tf.int64), lengths(x)[axis])
    grid = []
    for each, size in enumerate(sizes):
        if each == axis:
            grid.append(places)
            continue
        line = tf.range(tf.cast(size, tf.int64))
        line = tf.reshape(line, [-1 if other == each else 1 for other in range(len(sizes))])
        grid.append(tf.broadcast_to(line, shape_of(sizes)))
    return tf.stack(grid, axis=-1)


def flat(coordinates: tf.Tensor, sizes: list[Any]) -> tf.Tensor:
    """Coordinates of the first axes, whose lengths are `sizes`, as one index."""
    steps = [product(sizes[axis + 1 :]) for axis in range(len(sizes))]
    weights = tf.stack([tf.cast(each, coordinates.dtype) for each in steps])
    return tf.reduce_sum(coordinates * weights, axis=-1)
