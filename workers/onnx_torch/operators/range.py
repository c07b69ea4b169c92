"""Range: numbers from one to another."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_torch.dtypes import tensor_of


@operator("Range")
def range_(start: Raw, limit: Raw, delta: Raw) -> Tensor:
    """Each is `start + index * delta`, so that rounding does not add up."""
    if any(isinstance(each, Symbols) for each in (start, limit, delta)):
        first, last, step = map(_number, (start, limit, delta))
        return torch.arange(first, last, step, dtype=torch.int64)
    first, last, step = (
        tensor_of(each.array) if isinstance(each, Constant) else each
        for each in (start, limit, delta)
    )
    dtype = first.dtype
    if dtype.is_floating_point:
        first, step, last = (each.reshape(()).double() for each in (first, step, last))
        count = torch.ceil((last - first) / step).clamp(min=0)
        index = torch.arange(int(count.item()))
        kind = torch.float64 if dtype == torch.float64 else torch.float32
        return (first.to(kind) + index.to(kind) * step.to(kind)).to(dtype)
    return torch.arange(first.item(), last.item(), step.item(), dtype=dtype)


def _number(value: Any) -> Any:
    return value.array.reshape(-1)[0] if isinstance(value, Constant | Symbols) else value.item()
