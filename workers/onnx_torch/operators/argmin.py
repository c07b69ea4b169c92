"""ArgMin: where the least element is."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import ordered


@operator("ArgMin")
def argmin(x: Tensor, *, axis: int, keepdims: int, select_last_index: int | None) -> Tensor:
    """Of equal ones the first, unless the last is asked for."""
    plain = ordered(x)
    if not select_last_index:
        return torch.argmin(plain, axis, keepdim=bool(keepdims))
    found = torch.argmin(plain.flip(axis), axis, keepdim=bool(keepdims))
    return x.shape[axis] - 1 - found
