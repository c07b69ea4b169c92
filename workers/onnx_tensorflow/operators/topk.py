"""TopK: the greatest or the least along an axis, and where they are."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import normal, rank_of, whole


@operator("TopK", since=1)
def top_k_1(x: tf.Tensor, *, k: int, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The number is an attribute."""
    return _top(x, k, axis)


@operator("TopK", since=10)
def top_k_10(x: tf.Tensor, k: Ints, *, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The number is an input."""
    return _top(x, k[0], axis)


@operator("TopK", since=11)
def top_k(
    x: tf.Tensor,
    k: Ints,
    *,
    axis: int,
    largest: int,
    sorted: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Of equal ones that with the lower index comes first."""
    return _top(x, k[0], axis, largest=bool(largest), in_order=bool(sorted))


def _top(
    x: tf.Tensor, k: Any, axis: int, *, largest: bool = True, in_order: bool = True
) -> tuple[tf.Tensor, tf.Tensor]:
    rank = rank_of(x)
    axis = normal(axis, rank)
    order = [*range(axis), *range(axis + 1, rank), axis]
    last = axis == rank - 1
    moved = x if last else tf.transpose(x, order)
    found, places = tf.math.top_k(moved if largest else _turned(moved), whole(k), sorted=in_order)
    found = found if largest else _turned(found)
    places = tf.cast(places, tf.int64)
    if last:
        return found, places
    back = [order.index(each) for each in range(rank)]
    return tf.transpose(found, back), tf.transpose(places, back)


def _turned(x: tf.Tensor) -> tf.Tensor:
    """In the opposite order. The least integer has no negative, but a complement."""
    return tf.bitwise.invert(x) if x.dtype.is_integer else -x
