"""Casting: from any of ONNX's types to any other."""

from typing import Any, Final

from workers.onnx_tensorflow.carriers import SMALL_FLOATS, carrier, numpy_name
from workers.onnx_tensorflow.minifloats import rounded

PACKED: Final = {"int4": (4, 8), "uint4": (4, 0), "int2": (2, 2), "uint2": (2, 0)}
"""Bits, and by how much the range is moved below zero."""


def cast(x: Any, to: int, *, saturate: bool = True, mode: str = "up") -> Any:
    """A tensor in the carrier of ONNX's type.

    Args:
        to: ONNX's enum.
        saturate, mode: for floats of 8 bits; see `minifloats.rounded`.
    """
    import tensorflow as tf

    name, wanted = numpy_name(to), carrier(to)
    if x.dtype == tf.string:
        x = _parsed(x, wanted)
    if wanted == tf.string:
        return _written(x)
    if name in SMALL_FLOATS:
        return rounded(x, name, saturate=saturate, mode=mode)
    if name in PACKED:
        bits, below = PACKED[name]
        whole = tf.cast(x, tf.int32)
        return tf.cast(((whole + below) & ((1 << bits) - 1)) - below, wanted)
    if x.dtype.is_floating and wanted.is_unsigned:
        return tf.cast(tf.cast(x, tf.int64), wanted) if wanted != tf.uint64 else tf.cast(x, wanted)
    return tf.cast(x, wanted)


def _parsed(x: Any, wanted: Any) -> Any:
    import tensorflow as tf

    if wanted == tf.string:
        return x
    direct = wanted if wanted in (tf.float32, tf.float64, tf.int32, tf.int64) else None
    if wanted.is_integer and direct is None:
        direct = tf.int64
    return tf.strings.to_number(tf.strings.strip(x), direct or tf.float32)


def _written(x: Any) -> Any:
    import tensorflow as tf

    if x.dtype == tf.string:
        return x
    if x.dtype == tf.bool:
        return tf.where(x, "1", "0")
    if not x.dtype.is_floating:
        return tf.as_string(x)
    if x.dtype == tf.float64:
        return tf.as_string(x, 17, shortest=True)
    return tf.as_string(tf.cast(x, tf.float32), 8, shortest=True)
