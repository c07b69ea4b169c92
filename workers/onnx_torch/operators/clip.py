"""Clip: held between a least and a greatest value."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.scalars import scalar
from workers.onnx_torch.unsigned import WIDE, in_order


@operator("Clip", since=1)
def clip_1(x: Tensor, *, min: float | None, max: float | None) -> Tensor:
    """The bounds are attributes. By default they are a float's own, which bound nothing."""
    most = 0.99 * torch.finfo(x.dtype).max
    low = None if min is None or min <= -most else min
    high = None if max is None or max >= most else max
    return x if low is None and high is None else torch.clamp(x, low, high)


@operator("Clip", since=11)
def clip(x: Tensor, low: Raw | None = None, high: Raw | None = None) -> Tensor:
    """Where the bounds cross, the upper one wins."""
    if low is None and high is None:
        return x
    bounds = [scalar(low), scalar(high)]
    if x.dtype in WIDE:
        for compute, bound in zip((torch.maximum, torch.minimum), bounds, strict=True):
            if bound is not None:
                x = in_order(compute, x, torch.as_tensor(bound, dtype=x.dtype))
        return x
    if any(isinstance(each, Tensor) for each in bounds):
        bounds = [
            None if each is None else torch.as_tensor(each, dtype=x.dtype) for each in bounds
        ]
    return torch.clamp(x, *bounds)
