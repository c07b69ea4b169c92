"""Slice: stretches of a tensor along some axes."""

from typing import Any

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import LARGEST, are_known, wholes
from workers.onnx_tensorflow.layout import Laid, Stored


@operator("Slice", since=1)
def slice_1(x: Stored, *, starts: list[int], ends: list[int], axes: list[int] | None) -> Laid:
    """The ends are attributes."""
    made: Laid = slice_10(x, starts, ends, axes)
    return made


@operator("Slice", since=10)
def slice_10(
    x: Stored,
    starts: Ints,
    ends: Ints,
    axes: Ints | None = None,
    steps: Ints | None = None,
) -> Laid:
    """Python's own slices, which TensorFlow takes with tensors at their ends."""
    picks = [slice(None)] * x.rank
    taken = zip(
        wholes(starts),
        wholes(ends),
        range(len(starts)) if axes is None else axes,
        [1] * len(starts) if steps is None else wholes(steps),
        strict=True,
    )
    for start, end, axis, step in taken:
        picks[x.stored(axis)] = slice(_start(start, step), _end(end, step), step)
    return x.like(x.tensor[tuple(picks)])


def _start(start: Any, step: Any) -> Any:
    """None where it is the first element whatever the length: less to work out at run time."""
    if are_known([start, step]):
        first = start == 0 if step > 0 else start == LARGEST
        return None if first else start
    return start


def _end(end: Any, step: Any) -> Any:
    if are_known([end, step]):
        last = end == LARGEST if step > 0 else end == -LARGEST
        return None if last else end
    return end
