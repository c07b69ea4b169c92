"""Assignment: one-to-one as a whole, and how much worse the best one without each pair is."""

from dataclasses import dataclass

from workers.weights.variables import Array

FORBIDDEN = 1e8
"""More than any sum of costs: a pair that does not fit is never worth it."""

ALONE = FORBIDDEN / 4
"""What it costs to leave a row without a column: the more that fit, the better."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """The rows and columns that could trade places with a pair at next to no cost."""

    rows: frozenset[int]
    columns: frozenset[int]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`columns` has each row's column, or -1. `margins` has what each row's place is worth: the
    cost of the best assignment without it less that of this one; infinite where there is none."""

    columns: tuple[int, ...]
    margins: tuple[float, ...]
    rivals: tuple[Rivals, ...]

    @property
    def worths(self) -> tuple[float, ...]:
        """How much each pair may teach: little where it was near."""
        return tuple(max(0.05, min(1.0, each)) for each in self.margins)


def assign(costs: Array, near: float) -> Assignment:
    """The cheapest assignment. `costs` are (rows, columns) float64, FORBIDDEN where none fits.

    A margin is the cheapest cycle of trades through a row: shortest paths between the rows
    (Floyd and Warshall) over what each would pay for another's place. Rivals are those with a
    cycle below `near`.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    rows, columns = costs.shape
    square = np.full((rows + columns, rows + columns), ALONE)
    square[:rows, :columns] = costs
    square[rows:, :] = 0.0
    _, chosen = linear_sum_assignment(square)
    places = square[:, chosen]
    trades = places - np.diagonal(places)[:, None]
    for through in range(rows + columns):
        np.minimum(trades, trades[:, through, None] + trades[None, through, :], out=trades)
    cycles = trades + trades.T
    np.fill_diagonal(cycles, np.inf)
    margins = (float(each) for each in cycles.min(axis=1)[:rows])
    return Assignment(
        columns=tuple(int(each) if each < columns else -1 for each in chosen[:rows]),
        margins=tuple(float("inf") if each > ALONE / 2 else max(each, 0.0) for each in margins),
        rivals=tuple(
            Rivals(
                rows=frozenset(int(each) for each in np.flatnonzero(near_by[:rows])),
                columns=frozenset(int(each) for each in chosen[near_by] if each < columns),
            )
            for near_by in (cycles[row] < near for row in range(rows))
        ),
    )
