"""Constant: a value that the file holds."""

from typing import Any

import numpy as np

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("Constant")
def constant(
    *,
    sparse_value: Any | None,
    value: Any | None,
    value_float: float | None,
    value_floats: list[float] | None,
    value_int: int | None,
    value_ints: list[int] | None,
    value_string: str | None,
    value_strings: list[str] | None,
) -> Constant:
    """One of the attributes has it; sparse ones arrive with their zeros written out."""
    for array in (value, sparse_value):
        if array is not None:
            return Constant(array)
    for number, dtype in (
        (value_float, np.float32),
        (value_floats, np.float32),
        (value_int, np.int64),
        (value_ints, np.int64),
        (value_string, object),
        (value_strings, object),
    ):
        if number is not None:
            return Constant(np.array(number, dtype=dtype))
    raise CannotTranslate("has no attribute that holds a value")
