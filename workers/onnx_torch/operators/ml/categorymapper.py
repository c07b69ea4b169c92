"""CategoryMapper: strings to integers, or back."""

from typing import Any

import numpy as np

from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.ml.labelencoder import encoded


@operator("CategoryMapper")
def category_mapper(
    x: Any,
    *,
    cats_int64s: list[int],
    cats_strings: list[str],
    default_int64: int,
    default_string: str,
) -> Any:
    """By two lists of the same length."""
    numbers, words = np.array(cats_int64s, np.int64), np.array(cats_strings, dtype=object)
    if isinstance(x, np.ndarray):
        return encoded(x, words, numbers, default_int64)
    return encoded(x, numbers, words, default_string)
