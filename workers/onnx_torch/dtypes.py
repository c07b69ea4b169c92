"""Element types between ONNX, numpy and torch.

Types that torch lacks are carried by others: integers of 4 and 2 bits as int8 and uint8,
float4 as float32. What a graph declares says which they are when they leave it.
"""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

TORCH: Final[dict[int, torch.dtype]] = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.UINT8: torch.uint8,
    TensorProto.INT8: torch.int8,
    TensorProto.UINT16: torch.uint16,
    TensorProto.INT16: torch.int16,
    TensorProto.INT32: torch.int32,
    TensorProto.INT64: torch.int64,
    TensorProto.BOOL: torch.bool,
    TensorProto.FLOAT16: torch.float16,
    TensorProto.DOUBLE: torch.float64,
    TensorProto.UINT32: torch.uint32,
    TensorProto.UINT64: torch.uint64,
    TensorProto.COMPLEX64: torch.complex64,
    TensorProto.COMPLEX128: torch.complex128,
    TensorProto.BFLOAT16: torch.bfloat16,
    TensorProto.FLOAT8E4M3FN: torch.float8_e4m3fn,
    TensorProto.FLOAT8E4M3FNUZ: torch.float8_e4m3fnuz,
    TensorProto.FLOAT8E5M2: torch.float8_e5m2,
    TensorProto.FLOAT8E5M2FNUZ: torch.float8_e5m2fnuz,
    TensorProto.FLOAT8E8M0: torch.float8_e8m0fnu,
    TensorProto.UINT4: torch.uint8,
    TensorProto.INT4: torch.int8,
    TensorProto.UINT2: torch.uint8,
    TensorProto.INT2: torch.int8,
    TensorProto.FLOAT4E2M1: torch.float32,
    TensorProto.FLOAT6E2M3: torch.float32,
    TensorProto.FLOAT6E3M2: torch.float32,
}
"""By ONNX's enum: the torch dtype that is, or carries, the type."""

_BY_VIEW: Final[dict[str, tuple[Any, torch.dtype]]] = {
    "bfloat16": (np.int16, torch.bfloat16),
    "float8_e4m3fn": (np.uint8, torch.float8_e4m3fn),
    "float8_e4m3fnuz": (np.uint8, torch.float8_e4m3fnuz),
    "float8_e5m2": (np.uint8, torch.float8_e5m2),
    "float8_e5m2fnuz": (np.uint8, torch.float8_e5m2fnuz),
    "float8_e8m0fnu": (np.uint8, torch.float8_e8m0fnu),
}
"""ml_dtypes' name: the integer of the same size, and torch's own."""

_CARRIED: Final[dict[str, Any]] = {
    "int4": np.int8,
    "uint4": np.uint8,
    "int2": np.int8,
    "uint2": np.uint8,
    "float4_e2m1fn": np.float32,
    "float6_e2m3fn": np.float32,
    "float6_e3m2fn": np.float32,
}


def tensor_of(array: NDArray[Any]) -> torch.Tensor:
    """A tensor of the array's values, sharing its memory where torch has its type."""
    name = array.dtype.name
    if name in _CARRIED:
        return torch.from_numpy(array.astype(_CARRIED[name]))
    whole = array if array.flags.c_contiguous and array.flags.writeable else array.copy()
    whole = whole.reshape(array.shape)
    if name in _BY_VIEW:
        plain, dtype = _BY_VIEW[name]
        return torch.from_numpy(whole.view(plain)).view(dtype)
    return torch.from_numpy(whole)


def array_of(tensor: torch.Tensor, declared: int | None = None) -> NDArray[Any]:
    """An array of the tensor's values, in the type that the graph declares if it is carried."""
    plain = tensor.detach().contiguous()
    for view, dtype in _BY_VIEW.values():
        if plain.dtype == dtype:
            raw = plain.view(torch.int16 if view is np.int16 else torch.uint8).numpy()
            small: NDArray[Any] = raw.view(helper.tensor_dtype_to_np_dtype(_onnx(dtype)))
            return small
    array: NDArray[Any] = plain.numpy()
    if declared is None:
        return array
    wanted = helper.tensor_dtype_to_np_dtype(declared)
    return array.astype(wanted) if wanted.name in _CARRIED else array


def _onnx(dtype: torch.dtype) -> int:
    return next(number for number, each in TORCH.items() if each == dtype)
