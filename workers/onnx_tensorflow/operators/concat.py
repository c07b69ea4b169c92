"""Concat: tensors one behind the other along an axis."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical


@operator("Concat")
def concat(*xs: Stored, axis: int | None) -> Laid:
    """In the layout of the first that is stored otherwise than in ONNX.

    The axis was 1 unless said, before version 4.
    """
    orders = [each.order for each in xs if each.array is None]
    order = next((each for each in orders if each != canonical(len(each))), xs[0].order)
    moved = [each.at(order) for each in xs]
    place = moved[0].stored(1 if axis is None else axis)
    return Laid(tf.concat([each.tensor for each in moved], place), order)
