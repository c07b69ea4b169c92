"""Split: parts of a tensor along an axis."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, length, shape_of
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("Split", since=1)
def split_1(
    x: Stored, sizes: Ints | None = None, *, split: list[int] | None, axis: int | None, node: Any
) -> tuple[Laid, ...]:
    """The lengths are an attribute, an input, or equal."""
    return _parts(x, split or sizes, axis or 0, len(node.outputs))


@operator("Split", since=2)
def split_2(x: Stored, *, split: list[int] | None, axis: int, node: Any) -> tuple[Laid, ...]:
    """The lengths are an attribute, or equal."""
    return _parts(x, split, axis, len(node.outputs))


@operator("Split", since=13)
def split_13(
    x: Stored, split: Ints | None = None, *, axis: int, num_outputs: int | None, node: Any
) -> tuple[Laid, ...]:
    """The lengths are an input, or equal; from version 18 the last part may be shorter."""
    return _parts(x, split, axis, num_outputs or len(node.outputs))


def _parts(x: Laid, sizes: list[Any] | None, axis: int, count: int) -> tuple[Laid, ...]:
    place = x.stored(axis)
    parts = split(x.tensor, _even(x.tensor, place, count) if sizes is None else sizes, place)
    return tuple(x.like(each) for each in parts)


def split(x: tf.Tensor, sizes: list[Any], axis: int) -> list[tf.Tensor]:
    """Parts of those lengths."""
    if are_known(sizes) and len(set(sizes)) == 1 and x.shape[axis] is not None:
        return list(tf.split(x, len(sizes), axis))
    return list(tf.split(x, shape_of(sizes), axis, num=len(sizes)))


def _even(x: tf.Tensor, axis: int, count: int) -> list[Any]:
    """Lengths of so many parts, whose last may be shorter."""
    size = length(x, axis)
    each = (size + count - 1) // count
    return [each] * (count - 1) + [size - each * (count - 1)]
