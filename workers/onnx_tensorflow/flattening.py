"""Flattening: what is done over all axes from one on, as before opset 13."""

from collections.abc import Callable
from typing import Any

from workers.onnx_tensorflow.extents import lengths, normal, product, reshaped


def over_rest(compute: Callable[[Any], Any], x: Any, axis: int) -> Any:
    """`compute` on a matrix whose rows are the axes from that one on, in x's shape."""
    sizes = lengths(x)
    first = normal(axis, len(sizes))
    flat = reshaped(x, [product(sizes[:first]), product(sizes[first:])])
    return reshaped(compute(flat), sizes)
