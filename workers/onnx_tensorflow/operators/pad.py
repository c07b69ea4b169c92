"""Pad: more of a tensor at its ends: a constant, its edge, its mirror image or its other end."""

from typing import Any

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.padding import padded


@operator("Pad", since=11)
def pad(
    x: Stored,
    pads: Ints,
    value: Stored | None = None,
    axes: Ints | None = None,
    *,
    mode: str,
) -> Laid:
    """A negative pad cuts off."""
    places = list(range(x.rank)) if axes is None else [int(axis) % x.rank for axis in axes]
    found: list[tuple[Any, Any]] = [(0, 0)] * x.rank
    count = len(places)
    for place, before, after in zip(places, pads[:count], pads[count:], strict=True):
        found[x.stored(place)] = (before, after)
    return x.like(padded(x.tensor, found, mode, None if value is None else value.tensor))


@operator("Pad", since=2)
def pad_2(x: Stored, *, mode: str, pads: list[int], value: float) -> Laid:
    """The pads are an attribute."""
    return _filled(x, pads, mode, value)


@operator("Pad", since=1)
def pad_1(x: Stored, *, mode: str, paddings: list[int], value: float) -> Laid:
    """The pads have another name."""
    return _filled(x, paddings, mode, value)


def _filled(x: Laid, pads: list[int], mode: str, value: float) -> Laid:
    import numpy as np

    number = Laid(None, array=np.asarray(value, dtype=x.dtype.as_numpy_dtype))
    made: Laid = pad(x, pads, number, mode=mode)
    return made
