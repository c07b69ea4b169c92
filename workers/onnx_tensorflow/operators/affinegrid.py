"""AffineGrid: where an affine map takes the points of a regular grid."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import wholes


@operator("AffineGrid")
def affine_grid(theta: tf.Tensor, size: Ints, *, align_corners: int) -> tf.Tensor:
    """Coordinates run from -1 to 1, the last axis first; shape (N, *spatial, rank)."""
    _, _, *spatial = wholes(size)
    lines = [_line(each, theta.dtype, corners=bool(align_corners)) for each in spatial]
    points = tf.stack(tf.meshgrid(*lines, indexing="ij")[::-1], axis=-1)
    flat = tf.reshape(points, [-1, len(spatial)])
    moved = tf.einsum("pj,nij->npi", flat, theta[:, :, :-1]) + theta[:, None, :, -1]
    return tf.reshape(moved, tf.concat([tf.shape(theta)[:1], tf.shape(points)], axis=0))


def _line(size: Any, dtype: tf.DType, *, corners: bool) -> tf.Tensor:
    """The middles of pixels, or their corners at the ends."""
    steps, count = tf.cast(tf.range(size), dtype), tf.cast(size, dtype)
    if corners:
        return 2 * steps / tf.maximum(count - 1, 1) - 1
    return (2 * steps + 1) / count - 1
