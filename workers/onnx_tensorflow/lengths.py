"""Lengths: integers where a shape is static, scalars of TensorFlow where it is not.

Scalars are int32, as tf.shape gives them: one type, so that they can be computed with.
"""

from collections.abc import Sequence
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant, Known, Symbols, symbols


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


def packed(value: Symbols) -> Any:
    """Integers and scalars as one tensor of the type that the graph takes them for."""
    import numpy as np
    import tensorflow as tf

    dtype = tf.as_dtype(np.dtype(value.dtype))
    flat = [
        tf.cast(each, dtype) if tf.is_tensor(each) else tf.constant(int(each), dtype)
        for each in value.array.flat
    ]
    if value.array.ndim == 0:
        return flat[0]
    whole = tf.stack(flat)
    return whole if value.array.ndim == 1 else tf.reshape(whole, value.array.shape)


def read(tensor: Any) -> Known:
    """What a tensor holds: an array where that is known, scalars where the graph is traced."""
    import numpy as np
    import tensorflow as tf

    from workers.onnx_tensorflow.carriers import told

    static = tf.get_static_value(tensor)
    if static is not None:
        return Constant(told(np.asarray(static), None))
    if not tensor.shape.is_fully_defined() or not tensor.dtype.is_integer:
        raise CannotTranslate(
            "needs values on the host that are only known when the model runs",
            hint="Make them constants of the model.",
        )
    flat = tf.unstack(tf.cast(tf.reshape(tensor, [-1]), tf.int32))
    return symbols(flat, tuple(tensor.shape.as_list()), tensor.dtype.name)
