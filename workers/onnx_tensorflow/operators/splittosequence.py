"""SplitToSequence: parts of a tensor along an axis, as a sequence."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import are_known, length
from workers.onnx_tensorflow.operators.split import split


@operator("SplitToSequence")
def split_to_sequence(
    x: tf.Tensor, sizes: Array | None = None, *, axis: int, keepdims: int
) -> list[tf.Tensor]:
    """Of one each unless said, without the axis if `keepdims` is 0."""
    if sizes is None or not sizes.ndim:
        parts = split(x, _equal(length(x, axis), 1 if sizes is None else sizes.item()), axis)
    else:
        parts = split(x, list(sizes), axis)
    if sizes is None and not keepdims:
        return [tf.squeeze(each, axis) for each in parts]
    return parts


def _equal(whole: Any, size: Any) -> list[int]:
    if not are_known([whole, size]):
        raise CannotTranslate(
            "makes a sequence whose length is only known when the model runs",
            hint="Fix the length of the axis that is split.",
        )
    count, rest = divmod(whole, int(size))
    return [int(size)] * count + ([rest] if rest else [])
