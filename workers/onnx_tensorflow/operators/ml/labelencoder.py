"""LabelEncoder: each element by what a table says of it."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.lookups import looked_up

Table = NDArray[np.generic] | None


@operator("LabelEncoder", since=1)
def label_encoder_1(
    x: tf.Tensor, *, classes_strings: list[str], default_int64: int, default_string: str
) -> tf.Tensor:
    """Words to their places, or back."""
    places = list(range(len(classes_strings)))
    if x.dtype == tf.string:
        return looked_up(x, classes_strings, tf.constant(places, tf.int64), default_int64)
    return looked_up(x, places, tf.constant(classes_strings), default_string)


@operator("LabelEncoder", since=2)
def label_encoder(
    x: tf.Tensor,
    *,
    default_float: float,
    default_int64: int,
    default_string: str,
    default_tensor: Table,
    keys_floats: list[float] | None,
    keys_int64s: list[int] | None,
    keys_strings: list[str] | None,
    keys_tensor: Table,
    values_floats: list[float] | None,
    values_int64s: list[int] | None,
    values_strings: list[str] | None,
    values_tensor: Table,
) -> tf.Tensor:
    """Keys and values are of one of three types, or tensors."""
    keys = _given(keys_strings, keys_int64s, keys_floats, keys_tensor)
    values: list[tuple[Any, tf.DType, Any]] = [
        (values_strings, tf.string, default_string),
        (values_int64s, tf.int64, default_int64),
        (values_floats, tf.float32, default_float),
    ]
    for each, dtype, default in values:
        if each is not None:
            return looked_up(x, keys, tf.constant(each, dtype), default)
    if values_tensor is None:
        raise CannotTranslate("has no values")
    table = tf.constant(values_tensor.reshape(-1))
    empty = "_Unused" if table.dtype == tf.string else 0
    default = empty if default_tensor is None else default_tensor.reshape(-1)[0]
    return looked_up(x, keys, table, default)


def _given(*tables: Any) -> Any:
    for each in tables:
        if each is not None:
            return each.reshape(-1) if isinstance(each, np.ndarray) else each
    raise CannotTranslate("has no keys")
