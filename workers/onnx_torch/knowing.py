"""Knowing: what a value says on the host, where control flow has to decide by it."""

from typing import Any

import numpy as np
import torch

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_torch.dtypes import tensor_of


def truth(value: Any) -> bool | None:
    """Whether a condition holds; None while it is traced, where that depends on the input."""
    known = scalar(value)
    if isinstance(known, torch.SymBool):
        return None
    return None if known is None else bool(known)


def scalar(value: Any) -> Any:
    """The one number that a value holds; None while it is traced and depends on the input."""
    if isinstance(value, Constant | Symbols):
        return _only(value.array)
    if isinstance(value, np.ndarray):
        return _only(value)
    if not isinstance(value, torch.Tensor):
        return value
    return None if torch.compiler.is_exporting() else value.item()


def number(value: Any) -> Any:
    """The one integer that a value holds; a symbol that stands for it, while it is traced."""
    known = scalar(value)
    if known is not None:
        return known
    counted = value.reshape(()).item()
    torch._check(counted >= 0)  # noqa: SLF001 - the documented way to say so
    return counted


def tensor(value: Any) -> Any:
    """The tensor of a value of the walker's; strings stay numpy's."""
    if isinstance(value, Constant):
        return value.array if value.array.dtype.kind in "OUS" else tensor_of(value.array)
    if isinstance(value, Symbols):
        dtype = getattr(torch, value.dtype)
        parts = [torch.scalar_tensor(each, dtype=dtype) for each in value.array.reshape(-1)]
        return torch.stack(parts).reshape(value.array.shape)
    return value


def _only(array: Any) -> Any:
    if array.size != 1:
        raise CannotTranslate(f"wants one number where it is given {array.size}")
    return array.reshape(-1)[0]
