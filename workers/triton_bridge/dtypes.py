"""Dtypes: numpy's names and Triton's, and what each backend takes.

Source: Triton, docs/user_guide/model_configuration.md, "Datatypes".
"""

from collections.abc import Mapping
from typing import Final

from shared.domain.errors import StepRefused

TYPES: Final[Mapping[str, str]] = {
    "bool": "TYPE_BOOL",
    "uint8": "TYPE_UINT8",
    "uint16": "TYPE_UINT16",
    "uint32": "TYPE_UINT32",
    "uint64": "TYPE_UINT64",
    "int8": "TYPE_INT8",
    "int16": "TYPE_INT16",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "float16": "TYPE_FP16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "bfloat16": "TYPE_BF16",
    "object": "TYPE_STRING",
}
"""By numpy's name; strings are numpy's `object`, `bfloat16` is ml_dtypes'."""

NAMES: Final[Mapping[str, str]] = {triton: numpy for numpy, triton in TYPES.items()}

_NOT_FOR: Final[Mapping[str, frozenset[str]]] = {
    "onnxruntime": frozenset({"TYPE_BF16"}),
    "tensorflow": frozenset({"TYPE_BF16"}),
    "pytorch": frozenset(
        {"TYPE_BF16", "TYPE_UINT16", "TYPE_UINT32", "TYPE_UINT64", "TYPE_STRING"}
    ),
    "python": frozenset({"TYPE_STRING"}),
    "tensorrt": frozenset(
        {"TYPE_UINT16", "TYPE_UINT32", "TYPE_UINT64", "TYPE_INT16", "TYPE_FP64", "TYPE_STRING"}
    ),
}
"""Python's backend takes strings, but no PyTorch program does."""


def triton_type(name: str, dtype: str, backend: str) -> str:
    """Triton's name of the dtype of the tensor `name`.

    Raises:
        StepRefused: Triton, or this backend of it, does not take such tensors.
    """
    found = TYPES.get("object" if dtype.startswith(("str", "<U")) else dtype)
    if found is None:
        raise StepRefused(
            f"The tensor {name!r} is {dtype}, which Triton has no data type for.", node=name
        )
    if found in _NOT_FOR.get(backend, ()):
        raise StepRefused(
            f"The tensor {name!r} is {dtype}, which Triton's {backend} backend does not take."
            " Convert a model whose inputs and outputs are float32 or float16.",
            node=name,
        )
    return found
