"""Tile: repeated along its axes."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints, Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import rank_of, shape_of


@operator("Tile", since=1)
def tile_1(x: tf.Tensor, tiles: Number, axis: Number) -> tf.Tensor:
    """Along one axis."""
    return tile(x, [tiles if each == axis else 1 for each in range(rank_of(x))])


@operator("Tile", since=6)
def tile(x: tf.Tensor, repeats: Ints) -> tf.Tensor:
    """A number of times for each axis."""
    if x.dtype == tf.uint16:  # has no kernel
        return tf.bitcast(tf.tile(tf.bitcast(x, tf.int16), shape_of(repeats)), tf.uint16)
    return tf.tile(x, shape_of(repeats))
