"""Values that are known while a graph is walked: constants, and symbols that stand for lengths."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """An array that no input changes. `name` is the initializer's, for weights.

    Strings are numpy's `object`; 16-bit, 8-bit and smaller floats and integers are ml_dtypes'.
    """

    array: NDArray[Any]
    name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """Integers of which some are the framework's symbols: lengths of axes that may vary.

    `array` has the dtype object; `dtype` is numpy's name of what the graph takes them for.
    """

    array: NDArray[Any]
    dtype: str = "int64"


Known = Constant | Symbols


def symbols(elements: Any, shape: tuple[int, ...], dtype: str = "int64") -> Known:
    """A flat list of integers and symbols as an array of that shape; a Constant if it can be."""
    import numpy as np

    flat = list(elements)
    if all(isinstance(each, int | np.integer) for each in flat):
        return Constant(np.array(flat, dtype=dtype).reshape(shape))
    array = np.empty(len(flat), dtype=object)
    for index, each in enumerate(flat):
        array[index] = each
    return Symbols(array.reshape(shape), dtype)
