"""Reshape: the same elements in another shape."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, length, reshaped, shape_of
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.regrouping import in_memory, regrouped


@operator("Reshape", since=1)
def reshape_1(x: Stored, *, shape: list[int]) -> Laid:
    """The shape is an attribute."""
    made: Laid = reshape(x, shape, allowzero=0)
    return made


@operator("Reshape", since=5)
def reshape(x: Stored, shape: Ints, *, allowzero: int | None) -> Laid:
    """0 copies the length of that axis, unless `allowzero`; -1 is worked out."""
    copied = [are_known([each]) and each == 0 and not allowzero for each in shape]
    kept = [
        length(x.tensor, x.stored(axis)) if copied[axis] else each
        for axis, each in enumerate(shape)
    ]
    same = bool(kept) and (copied[0] or (are_known(kept[:1]) and kept[0] == x.shape[0]))
    if found := regrouped(x, kept, keeps_batch=same):
        return found
    left = any(are_known([each]) and each == -1 for each in kept)
    tensor = in_memory(x)
    return Laid(tf.reshape(tensor, shape_of(kept)) if left else reshaped(tensor, kept))
