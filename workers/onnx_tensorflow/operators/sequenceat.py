"""SequenceAt: one tensor of a sequence."""

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, whole


@operator("SequenceAt")
def sequence_at(xs: list[tf.Tensor], position: Number) -> tf.Tensor:
    """Where the input tells the position, all must have one shape."""
    place = whole(position)
    if are_known([place]):
        return xs[place]
    return tf.gather(tf.stack(xs), tf.math.floormod(place, len(xs)))
