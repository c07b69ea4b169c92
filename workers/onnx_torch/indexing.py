"""Indexing: places along an axis, which ONNX may count from its end."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_torch.dtypes import tensor_of
from workers.onnx_torch.knowing import tensor


def places(value: Any, length: Any) -> Tensor:
    """As int64, counted from the start, for the operators of torch that want them so.

    Those that the file holds are turned here, where the length is known, and not by the program.
    """
    if isinstance(value, Constant):
        array = value.array.astype("int64")
        if not (array < 0).any():
            return tensor_of(array)
        if isinstance(length, int):
            array[array < 0] += length
            return tensor_of(array)
    given = long(value)
    return torch.where(given < 0, given + length, given)


def long(value: Any) -> Tensor:
    """As int64, without a cast where it is that."""
    if isinstance(value, Constant):
        return tensor_of(value.array.astype("int64"))
    given: Tensor = tensor(value) if isinstance(value, Symbols) else value
    return given if given.dtype == torch.int64 else given.long()
