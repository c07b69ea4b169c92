"""Dtypes: TensorRT's element types by numpy's names, those of ml_dtypes included."""

from typing import Any, Final

NAMES: Final = {
    "FLOAT": "float32",
    "HALF": "float16",
    "BF16": "bfloat16",
    "FP8": "float8_e4m3fn",
    "FP4": "float4_e2m1fn",
    "E8M0": "float8_e8m0fnu",
    "INT64": "int64",
    "INT32": "int32",
    "INT8": "int8",
    "INT4": "int4",
    "UINT8": "uint8",
    "BOOL": "bool",
}


def numpy_name(dtype: Any) -> str:
    """numpy's name of a `DataType`, or TensorRT's own where numpy has none."""
    name = str(dtype.name)
    return NAMES.get(name, name.lower())
