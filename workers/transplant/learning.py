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
        self._together: defaultdict[tuple[Tokens, Tokens], float] = defaultdict(float)
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
                self._together[one, two] += each.worth

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
        import numpy as np

        result = np.zeros((len(sources), len(targets)))
        cuts = [self.cut(each) for each in targets]
        for row, source in enumerate(sources):
            own_cuts = self.cut(source)
            for column, target in enumerate(targets):
                own = self._own.get((source, target), 0.0)
                result[row, column] = self._score(own_cuts, cuts[column], own)
        return result

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
        seen = self._together.get((one, two), 0.0) - own
        if seen <= 0:
            return 0.0
        most = max(self._sources[one], self._targets[two]) - own
        return seen / (most + PRIOR)


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
