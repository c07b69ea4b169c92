"""Carriers: the TensorFlow types in which ONNX's types travel.

TensorFlow has kernels for few of the small types. What it cannot compute with travels in a wider
type that holds every value of it: integers of less than 8 bits as int8 or uint8, floats of less
than 16 bits as float32. Strings are TensorFlow's own.
"""

from typing import Any, Final

from numpy.typing import NDArray

SMALL_INTEGERS: Final = {"int4": "int8", "int2": "int8", "uint4": "uint8", "uint2": "uint8"}

SMALL_FLOATS: Final = (
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float4_e2m1fn",
)


def carried(array: NDArray[Any]) -> NDArray[Any]:
    """An array in the type that its tensor has; strings as numpy objects of str."""
    name = array.dtype.name
    if name in SMALL_INTEGERS:
        return array.astype(SMALL_INTEGERS[name])
    if name in SMALL_FLOATS:
        return array.astype("float32")
    return array


def carrier(dtype: int) -> Any:
    """TensorFlow's type for ONNX's (TensorProto.DataType)."""
    import tensorflow as tf

    name = numpy_name(dtype)
    if name == "object":
        return tf.string
    if name in SMALL_FLOATS:
        return tf.float32
    return tf.as_dtype(SMALL_INTEGERS.get(name, name))


def numpy_name(dtype: int) -> str:
    """numpy's (or ml_dtypes') name of ONNX's type; `object` for strings."""
    from onnx import helper

    return str(helper.tensor_dtype_to_np_dtype(dtype).name)


def told(array: NDArray[Any], dtype: int | None) -> NDArray[Any]:
    """What TensorFlow gave, in the type that the model declares; strings as objects of str.

    Args:
        dtype: ONNX's enum; None leaves it as it is.
    """
    import numpy as np

    if array.dtype.kind in "OS":  # one string alone is bytes to numpy
        words = [each.decode("utf-8", "replace") if isinstance(each, bytes) else each
                 for each in array.flat]  # fmt: skip
        plain = np.empty(len(words), dtype=object)
        plain[:] = words
        return plain.reshape(array.shape)
    if dtype is None:
        return array
    name = numpy_name(dtype)
    if name in SMALL_INTEGERS or name in SMALL_FLOATS:
        import ml_dtypes

        return array.astype(getattr(ml_dtypes, name))
    return array
