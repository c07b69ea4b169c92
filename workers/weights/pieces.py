"""Pieces: an array taken apart along its first axes, so that no second copy of it is made."""

from collections.abc import Iterator
from typing import Final

from workers.weights.dtypes import cast
from workers.weights.variables import Array

MOST: Final = 16 << 20
"""Bytes of one piece; a single element is a piece however large it is."""

Place = tuple[int | slice, ...]
"""Where in the array a piece is: an index of it."""


def pieces(name: str, array: Array, dtype: str, most: int = MOST) -> Iterator[tuple[Place, Array]]:
    """The variable in that type, in row-major order: each piece contiguous, with its place.

    Raises:
        StepRefused: the type cannot hold a value.
    """
    import numpy as np

    for place in _places(array.shape, array.dtype.itemsize, most):
        yield place, np.asarray(cast(name, array[place], dtype), order="C")


def raw(piece: Array) -> memoryview:
    """The bytes of a contiguous array, as files and checksums want them."""
    return piece.reshape(-1).view("uint8").data


def _places(shape: tuple[int, ...], itemsize: int, most: int) -> Iterator[Place]:
    row = itemsize
    for length in shape[1:]:
        row *= length
    if not shape or row * shape[0] <= most:
        yield ()
    elif row <= most:
        step = most // row
        for start in range(0, shape[0], step):
            yield (slice(start, start + step),)
    else:
        for index in range(shape[0]):
            for inner in _places(shape[1:], itemsize, most):
                yield (index, *inner)
