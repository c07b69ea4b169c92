"""Learning: which beginnings and ends of names went together in the pairs so far."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from workers.weights.variables import Array

DEPTH = 6
PRIOR = 0.5
"""Pairs that speak for nothing: one sighting alone is worth little."""

LEAST = 0.01
"""Less was not seen: what is left of a sum when its parts are taken away."""

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A pair that was found, by the tokens of its names; `worth` is from 0 to 1."""

    source: Tokens
    target: Tokens
    worth: float


@dataclass(frozen=True, slots=True)
class Question:
    """Which names are asked about, and what was said of them before: `columns` has each source's
    target, or -1, and `worths` what that sighting was worth."""

    sources: Sequence[Tokens]
    targets: Sequence[Tokens]
    columns: Sequence[int]
    worths: Sequence[float]


class Habits:
    """What was learnt of both ends of the names."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        found = tuple(sightings)
        self._ends = (_Ends(found, first=True), _Ends(found, first=False))

    def agreement(self, question: Question) -> Array:
        """How well each pair goes with the others, (sources, targets), from 0 to 1.

        What was said of either of the two before does not speak for the pair, nor against it.
        """
        first, last = (each.agreement(question) for each in self._ends)
        both: Array = (first + last) / 2
        return both


class _Ends:
    """The beginnings of names, or their ends, and how often one side's went with the other's."""

    def __init__(self, sightings: Sequence[Sighting], *, first: bool) -> None:
        self._first = first
        self._together: defaultdict[Tokens, dict[Tokens, float]] = defaultdict(dict)
        self._sources: defaultdict[Tokens, float] = defaultdict(float)
        self._targets: defaultdict[Tokens, float] = defaultdict(float)
        for each in sightings:
            left, right = self._cut(each.source), self._cut(each.target)
            for one in left:
                self._sources[one] += each.worth
            for two in right:
                self._targets[two] += each.worth
            for one, two in product(left, right):
                row = self._together[one]
                row[two] = row.get(two, 0.0) + each.worth

    def _cut(self, tokens: Tokens) -> tuple[Tokens, ...]:
        """The beginnings, or the ends, of a name; never the whole of it."""
        lengths = range(1, min(DEPTH, len(tokens) - 1) + 1)
        if self._first:
            return tuple(tokens[:each] for each in lengths)
        return tuple(tokens[-each:] for each in lengths)

    def agreement(self, question: Question) -> Array:
        """The mean over both sides' ends of the best share that each has with the other's: the
        rarer an end is, the more it says."""
        import numpy as np

        left = _Cuts.of(map(self._cut, question.sources), self._sources)
        right = _Cuts.of(map(self._cut, question.targets), self._targets)
        seen = self._seen(left, right)
        own = _Own.of(question)
        forth = np.zeros((DEPTH, *own.both.shape))
        back = np.zeros((DEPTH, *own.both.shape))
        first = left.totals[left.rows] - own.rows[:, None]
        second = right.totals[right.rows] - own.columns[:, None]
        for one, two in product(range(DEPTH), range(DEPTH)):
            rows, columns = left.rows[:, one], right.rows[:, two]
            found = seen[rows[:, None], columns[None, :]] - own.said(rows, columns)
            most = np.maximum(first[:, one][:, None], second[:, two][None, :])
            share = np.maximum(found, 0) / (np.maximum(most, 0) + PRIOR)
            np.maximum(forth[one], share, out=forth[one])
            np.maximum(back[two], share, out=back[two])
        ahead = np.einsum("drc,rd->rc", forth, _weights(first))
        behind = np.einsum("drc,cd->rc", back, _weights(second))
        result: Array = (ahead + behind) / 2
        return result

    def _seen(self, left: "_Cuts", right: "_Cuts") -> Array:
        """How often each end went with each, with a last row and column of zeros for none."""
        import numpy as np

        found = np.zeros((len(left.places) + 1, len(right.places) + 1))
        for one, row in left.places.items():
            for two, worth in self._together.get(one, {}).items():
                if two in right.places:
                    found[row, right.places[two]] = worth
        return found


def _weights(totals: Array) -> Array:
    """What each end of each name counts, to 1 in all; one that nobody else has counts nothing."""
    import numpy as np

    known = totals > LEAST
    weights = np.where(known, 1 / np.sqrt(np.maximum(totals, LEAST)), 0.0)
    result: Array = weights / np.maximum(weights.sum(axis=1, keepdims=True), LEAST)
    return result


@dataclass(frozen=True, slots=True)
class _Cuts:
    """The ends of some names, each with a place in a table and its total there; `rows` has each
    name's, filled up with the place after the last."""

    places: dict[Tokens, int]
    totals: Array
    rows: Array

    @classmethod
    def of(cls, cuts: Iterable[tuple[Tokens, ...]], totals: defaultdict[Tokens, float]) -> "_Cuts":
        import numpy as np

        found = list(cuts)
        places: dict[Tokens, int] = {}
        for cut in found:
            for each in cut:
                places.setdefault(each, len(places))
        rows = np.full((len(found), DEPTH), len(places))
        for row, cut in enumerate(found):
            rows[row, : len(cut)] = [places[each] for each in cut]
        known = np.array([*(totals.get(each, 0.0) for each in places), 0.0])
        return cls(places, known, rows)


@dataclass(frozen=True, slots=True)
class _Own:
    """What was said before of the names that are asked about: worths by row and by column, and
    of the pairs themselves; `chosen` has each row's column and `chosen_by` each column's row."""

    rows: Array
    columns: Array
    both: Array
    chosen: Array
    chosen_by: Array

    @classmethod
    def of(cls, question: Question) -> "_Own":
        import numpy as np

        size = (len(question.sources), len(question.targets))
        rows, columns, both = np.zeros(size[0]), np.zeros(size[1]), np.zeros(size)
        chosen, chosen_by = np.zeros(size[0], int), np.zeros(size[1], int)
        for row, (column, worth) in enumerate(zip(question.columns, question.worths, strict=True)):
            if column >= 0:
                rows[row] = columns[column] = both[row, column] = worth
                chosen[row], chosen_by[column] = column, row
        return cls(rows, columns, both, chosen, chosen_by)

    def said(self, rows: Array, columns: Array) -> Array:
        """How much of what was seen of these ends each pair's own two names said."""
        by_row = self.rows[:, None] * (columns[None, :] == columns[self.chosen][:, None])
        by_column = self.columns[None, :] * (rows[:, None] == rows[self.chosen_by][None, :])
        said: Array = by_row + by_column - self.both
        return said
