"""CenterCropPad: cut or padded with zeros to a shape, the middle staying where it is."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import (
    greater,
    length,
    lesser,
    normal,
    rank_of,
    shape_of,
    whole,
)


@operator("CenterCropPad")
def center_crop_pad(x: tf.Tensor, shape: Ints, *, axes: list[int] | None) -> tf.Tensor:
    """The shape is that of the axes named, else of all."""
    rank = rank_of(x)
    picks, pads = [slice(None)] * rank, [[0, 0] for _ in range(rank)]
    for axis, size in zip(range(rank) if axes is None else axes, shape, strict=True):
        place, target = normal(axis, rank), whole(size)
        now = length(x, place)
        begin = greater(now - target, 0) // 2
        missing = greater(target - now, 0)
        picks[place] = slice(begin, begin + lesser(now, target))
        pads[place] = [missing // 2, missing - missing // 2]
    return tf.pad(x[tuple(picks)], [shape_of(each) for each in pads])
