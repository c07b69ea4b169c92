"""Learning: which beginnings and ends of names went together in the pairs so far."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from workers.weights.variables import Array

DEPTH = 6
PRIOR = 0.5
"""Pairs that speak for nothing: one sighting alone is worth little."""

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A pair that was found, by the tokens of its names; `worth` is from 0 to 1."""

    source: Tokens
    target: Tokens
    worth: float


class Ends:
    """The beginnings of names, or their ends, and how often one side's went with the other's."""

    def __init__(self, sightings: Sequence[Sighting], *, first: bool) -> None:
        self._first = first
        self._together: defaultdict[Tokens, defaultdict[Tokens, float]]
        self._together = defaultdict(lambda: defaultdict(float))
        self._sources: defaultdict[Tokens, float] = defaultdict(float)
        self._targets: defaultdict[Tokens, float] = defaultdict(float)
        self._own = {(each.source, each.target): each.worth for each in sightings}
        for each in sightings:
            left, right = self.cut(each.source), self.cut(each.target)
            for one in left:
                self._sources[one] += each.worth
            for two in right:
                self._targets[two] += each.worth
            for one, two in product(left, right):
                self._together[one][two] += each.worth

    def cut(self, tokens: Tokens) -> tuple[Tokens, ...]:
        """The beginnings, or the ends, of a name; never the whole of it."""
        lengths = range(1, min(DEPTH, len(tokens) - 1) + 1)
        if self._first:
            return tuple(tokens[:each] for each in lengths)
        return tuple(tokens[-each:] for each in lengths)

    def agreement(self, sources: Sequence[Tokens], targets: Sequence[Tokens]) -> Array:
        """How well each pair goes with the others, (sources, targets), from 0 to 1.

        A pair's own sighting does not speak for it.
        """
        left, right = _Cuts.of(map(self.cut, sources)), _Cuts.of(map(self.cut, targets))
        result = _means(self._shares(left, right), left, right)
        for row, source in enumerate(sources):
            for column, target in enumerate(targets):
                own = self._own.get((source, target))
                if own is not None:
                    result[row, column] = self._score(self.cut(source), self.cut(target), own)
        return result

    def _shares(self, left: "_Cuts", right: "_Cuts") -> Array:
        """How often each end went with each, with a last row and column of zeros for none."""
        import numpy as np

        shares = np.zeros((len(left.places) + 1, len(right.places) + 1))
        for one, row in left.places.items():
            for two, seen in self._together[one].items():
                if two in right.places:
                    most = max(self._sources[one], self._targets[two])
                    shares[row, right.places[two]] = seen / (most + PRIOR)
        return shares

    def _score(
        self, sources: tuple[Tokens, ...], targets: tuple[Tokens, ...], own: float
    ) -> float:
        if not sources or not targets:
            return 0.0
        table = [[self._share(one, two, own) for two in targets] for one in sources]
        forth = _mean(max(row) for row in table)
        back = _mean(max(row[column] for row in table) for column in range(len(targets)))
        return (forth + back) / 2

    def _share(self, one: Tokens, two: Tokens, own: float) -> float:
        seen = self._together[one][two] - own
        if seen <= 0:
            return 0.0
        most = max(self._sources[one], self._targets[two]) - own
        return seen / (most + PRIOR)


@dataclass(frozen=True, slots=True)
class _Cuts:
    """The ends of some names, each with a place in a table; `rows` has each name's, filled up
    with the place after the last."""

    places: dict[Tokens, int]
    rows: Array
    counts: Array

    @classmethod
    def of(cls, cuts: Iterable[tuple[Tokens, ...]]) -> "_Cuts":
        import numpy as np

        found = list(cuts)
        places: dict[Tokens, int] = {}
        for cut in found:
            for each in cut:
                places.setdefault(each, len(places))
        rows = np.full((len(found), DEPTH), len(places))
        for row, cut in enumerate(found):
            rows[row, : len(cut)] = [places[each] for each in cut]
        return cls(places, rows, np.array([len(each) for each in found]))


def _means(shares: Array, left: _Cuts, right: _Cuts) -> Array:
    """The mean of both sides' ends of the best share that each has with the other's."""
    import numpy as np

    size = (len(left.rows), len(right.rows))
    forth = np.zeros((DEPTH, *size))
    back = np.zeros((DEPTH, *size))
    for one in range(DEPTH):
        for two in range(DEPTH):
            found = shares[left.rows[:, one][:, None], right.rows[:, two][None, :]]
            np.maximum(forth[one], found, out=forth[one])
            np.maximum(back[two], found, out=back[two])
    first = forth.sum(axis=0) / np.maximum(left.counts, 1)[:, None]
    second = back.sum(axis=0) / np.maximum(right.counts, 1)[None, :]
    result: Array = (first + second) / 2
    return result


@dataclass(frozen=True, slots=True)
class Habits:
    """What was learnt of both ends of the names."""

    beginnings: Ends
    ends: Ends

    def agreement(self, sources: Sequence[Tokens], targets: Sequence[Tokens]) -> Array:
        """How well each pair goes with the others, (sources, targets), from 0 to 1."""
        first = self.beginnings.agreement(sources, targets)
        last = self.ends.agreement(sources, targets)
        both: Array = (first + last) / 2
        return both


def habits(sightings: Iterable[Sighting]) -> Habits:
    """What the pairs so far teach."""
    found = tuple(sightings)
    return Habits(Ends(found, first=True), Ends(found, first=False))


def _mean(values: Iterable[float]) -> float:
    told = tuple(values)
    return sum(told) / len(told)
