"""Scattering: elements put into a tensor at coordinates, or reduced with what is there."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.extents import lengths, product, shape_of
from workers.onnx_tensorflow.indices import flat


def scattered(
    x: tf.Tensor, coordinates: tf.Tensor, updates: tf.Tensor, reduction: str
) -> tf.Tensor:
    """`coordinates` (*, depth) name parts of `x` by its first axes; `updates` (*, *rest)."""
    match reduction:
        case "none":
            return tf.tensor_scatter_nd_update(x, coordinates, updates)
        case "add" | "mul" if x.dtype == tf.bool:
            return _logical(x, coordinates, updates, every=reduction == "mul")
        case "add":
            return tf.tensor_scatter_nd_add(x, coordinates, updates)
        case "max":
            return tf.tensor_scatter_nd_max(x, coordinates, updates)
        case "min":
            return tf.tensor_scatter_nd_min(x, coordinates, updates)
        case "mul":
            return _multiplied(x, coordinates, updates)
        case _:
            raise CannotTranslate(f"knows no reduction {reduction!r}")


def _logical(
    x: tf.Tensor, coordinates: tf.Tensor, updates: tf.Tensor, *, every: bool
) -> tf.Tensor:
    """Or is the greater of two truth values, and is the lesser."""
    reduction = tf.tensor_scatter_nd_min if every else tf.tensor_scatter_nd_max
    number, change = tf.cast(x, tf.int8), tf.cast(updates, tf.int8)
    return tf.cast(reduction(number, coordinates, change), tf.bool)


def _multiplied(x: tf.Tensor, coordinates: tf.Tensor, updates: tf.Tensor) -> tf.Tensor:
    """Every part times the product of what is put there: 1 where nothing is."""
    sizes = lengths(x)
    depth = coordinates.shape[-1]
    places = tf.reshape(flat(coordinates, sizes[:depth]), [-1])
    changes = tf.reshape(updates, shape_of([-1, *sizes[depth:]]))
    factors = tf.math.unsorted_segment_prod(changes, places, product(sizes[:depth]))
    return x * tf.reshape(factors, shape_of(sizes))
