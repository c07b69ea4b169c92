"""Lengths: integers where a shape is static, scalars of TensorFlow where it is not.

Scalars are int32, as tf.shape gives them: one type, so that they can be computed with.
"""

from collections.abc import Sequence
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate


def lengths(tensor: Any) -> list[Any]:
    """The shape of a tensor, by axis: int, or a scalar for what is open."""
    import tensorflow as tf

    static = tensor.shape
    if static.rank is None:
        raise CannotTranslate(
            "has an input whose rank is only known when the model runs",
            hint="Export the model with ranks that are fixed.",
        )
    if static.is_fully_defined():
        return list(static.as_list())
    found = tf.shape(tensor)
    return [found[axis] if one is None else one for axis, one in enumerate(static.as_list())]


def is_static(values: Sequence[Any]) -> bool:
    """Whether all of them are integers, none a scalar of TensorFlow."""
    return all(isinstance(each, int) for each in values)


def shape(values: Sequence[Any]) -> Any:
    """Lengths as TensorFlow takes a shape: a list of integers, or one tensor."""
    import tensorflow as tf

    if is_static(values):
        return list(values)
    return tf.stack([tf.cast(each, tf.int32) for each in values])


def product(values: Sequence[Any]) -> Any:
    """Of lengths; 1 for none."""
    whole: Any = 1
    for each in values:
        whole = each * whole
    return whole
