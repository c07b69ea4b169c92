"""Symbols of TensorFlow's: scalars of int32 that stand for lengths, and tensors made of them."""

from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant, Known, Symbols, symbols


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
