"""Expand: repeated along axes of length 1, to a shape or further."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, lengths, shape_of, wholes


@operator("Expand")
def expand(x: tf.Tensor, shape: Ints) -> tf.Tensor:
    """The shape is broadcast with the tensor's own."""
    return tf.broadcast_to(x, shape_of(broadcast(lengths(x), wholes(shape))))


def broadcast(a: list[Any], b: list[Any]) -> list[Any]:
    """Of two shapes."""
    rank = max(len(a), len(b))
    pairs = zip([1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b, strict=True)
    return [_common(one, other) for one, other in pairs]


def _common(one: Any, other: Any) -> Any:
    if are_known([other]):
        return one if other == 1 else other
    if are_known([one]):
        return other if one == 1 else one
    return tf.where(tf.equal(one, 1), other, one)
