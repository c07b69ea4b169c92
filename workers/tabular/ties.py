"""Ties: rows on which two classes are as good as equal, kept out of what is made up.

Which of them wins is a matter of rounding, so a row of that kind says nothing of a model.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from workers.runtime import Arrays
from workers.tabular.ensemble_graph import PROBABILITIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIE: Final = 1e-5
ELSEWHERE: Final = (0.5, -1.0, 2.0, -3.0)
"""Where other rows are looked for, as multiples of those that were drawn."""

Named = dict[str, "NDArray[Any]"]
Gaps = Callable[[Arrays], "NDArray[Any] | None"]
"""Of each row, how far its two likeliest classes are apart; None where there are no classes."""


def gaps_of(run: Callable[[Arrays], Named]) -> Gaps:
    """As the probabilities, or scores, of a model say."""

    def gaps(rows: Arrays) -> "NDArray[Any] | None":
        import numpy as np

        chances = run(rows).get(PROBABILITIES)
        if chances is None or chances.shape[1] < 2:  # noqa: PLR2004 - two classes
            return None
        ordered = np.sort(chances, axis=1)
        apart: NDArray[Any] = ordered[:, -1] - ordered[:, -2]
        return apart

    return gaps


class Decided:
    """Carries made-up rows to where a model's values lie, and from there away from its ties."""

    def __init__(self, suit: Callable[[Arrays], Named], gaps: Gaps) -> None:
        self._suit = suit
        self._gaps = gaps
        self._replaced = 0

    def __call__(self, drawn: Arrays) -> Named:
        """The rows, decided ones in place of tied ones where any of them is decided."""
        rows = self._suit(drawn)
        for factor in ELSEWHERE:
            gaps = self._gaps(rows)
            if gaps is None or not (gaps < TIE).all():
                break
            rows = self._suit({name: _scaled(array, factor) for name, array in drawn.items()})
        return self._without(rows, self._gaps(rows))

    def remark(self) -> str | None:
        """How many rows were replaced until now, if any."""
        if not self._replaced:
            return None
        rows = "1 row" if self._replaced == 1 else f"{self._replaced} rows"
        return (
            f"of the rows that were made up, {rows} on which two classes came within 1e-05 of"
            " each other gave way to others: which of them wins is a matter of rounding"
        )

    def _without(self, rows: Arrays, gaps: "NDArray[Any] | None") -> Named:
        import numpy as np

        tied = None if gaps is None else gaps < TIE
        if tied is None or not tied.any() or tied.all():
            return dict(rows)
        self._replaced += int(tied.sum())
        good = np.flatnonzero(~tied)
        places = np.where(tied, good[np.arange(tied.size) % good.size], np.arange(tied.size))
        return {name: array[places] for name, array in rows.items()}


def _scaled(drawn: "NDArray[Any]", factor: float) -> "NDArray[Any]":
    return drawn if drawn.dtype.kind == "O" else (drawn * factor).astype(drawn.dtype)
