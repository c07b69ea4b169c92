"""Slice: every so many elements from one to another, along some axes."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual

FAR = 2**31 - 1
"""Ends from here on mean the end of the axis, however long it is."""


@operator("Slice", since=1)
@textual
def slice_1(x: Tensor, *, axes: list[int] | None, ends: list[int], starts: list[int]) -> Tensor:
    """Attributes, without steps."""
    return slice_10(x, starts, ends, axes, None)


@operator("Slice", since=10)
@textual
def slice_10(
    x: Tensor, starts: Ints, ends: Ints, axes: Ints | None = None, steps: Ints | None = None
) -> Tensor:
    """Backwards is forwards over what was flipped: torch's own slices have no negative steps."""
    chosen = list(range(len(starts))) if axes is None else axes
    strides = [1] * len(starts) if steps is None else steps
    for axis, start, end, step in zip(chosen, starts, ends, strides, strict=True):
        x = _cut(x, axis, start, end, step)
    return x


def _cut(x: Tensor, axis: int, start: Any, end: Any, step: int) -> Tensor:
    axis = axis % x.ndim
    if step < 0:
        length = x.shape[axis]
        x = x.flip(axis)
        start, end, step = _mirrored(start, length), _mirrored(end, length), -step
    if isinstance(end, int) and end >= FAR:
        end = None
    if isinstance(start, int) and start <= -FAR:
        start = 0
    if isinstance(start, int) and start == 0 and end is None and step == 1:
        return x
    return torch.ops.aten.slice.Tensor(x, axis, start, end, step)


def _mirrored(index: Any, length: Any) -> Any:
    """Where an index of an axis is when the axis is flipped.

    Counted from its end it does not depend on the length.
    """
    if not isinstance(index, int):
        return torch.sym_max(length - 1 - index, 0)
    if index < 0:
        return -index - 1 if index > -FAR else None
    if index >= FAR:
        return 0
    return (
        torch.sym_max(length - 1 - index, 0)
        if not isinstance(length, int)
        else max(length - 1 - index, 0)
    )
