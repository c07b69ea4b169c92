"""Ranking: whether a classifier's answers are the same, whatever its numbers are."""

from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

FLOATS: Final = ("bfloat16", "float16", "float32", "float64")
"""The element types that are compared by how near they are."""

TOP: Final = 5
"""Columns that count beside the first."""

RANK: Final = 2
"""Axes of an output that may be a classifier's: rows, and a number for each class."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Over `rows`: in how many the same column is the largest, and how many of the five largest
    are the same ones. `of_five` is None where there are not more than five columns.

    A column is as good as another where the source has the same number in both.
    """

    rows: int = 0
    first: int = 0
    of_five: int | None = None

    def __add__(self, other: "Ranking") -> "Ranking":
        if self.of_five is None or other.of_five is None:
            five = other.of_five if self.rows == 0 else None
        else:
            five = self.of_five + other.of_five
        return Ranking(self.rows + other.rows, self.first + other.first, five)

    def report(self) -> dict[str, float | None]:
        """`top1`: the part of the rows whose first column is the same; `top5`: the part of the
        five largest columns that are."""
        five = None if self.of_five is None else self.of_five / (TOP * self.rows)
        return {"top1": self.first / self.rows, "top5": five}


def ranking(source: NDArray[Any], result: NDArray[Any]) -> Ranking | None:
    """Of outputs of the same shape; None where they are no classifier's: floats of rank 2 with
    two columns or more."""
    import numpy as np

    if source.ndim != RANK or source.shape[0] == 0 or source.shape[1] < 2:  # noqa: PLR2004 - one column ranks nothing
        return None
    if source.shape != result.shape or source.dtype.name not in FLOATS:
        return None
    one, other = source.astype(np.float64), result.astype(np.float64)
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return None
    rows = np.arange(len(one))
    first = int((one[rows, other.argmax(1)] == one.max(1)).sum())
    if one.shape[1] <= TOP:
        return Ranking(len(one), first)
    least = np.partition(one, -TOP, axis=1)[:, -TOP]
    best = np.argpartition(other, -TOP, axis=1)[:, -TOP:]
    of_five = int((np.take_along_axis(one, best, axis=1) >= least[:, None]).sum())
    return Ranking(len(one), first, of_five)
