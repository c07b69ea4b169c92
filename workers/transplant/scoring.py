"""Scores: what it costs to put one unit in another's place, by names, order and habits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workers.transplant.assigning import FORBIDDEN, Assignment
from workers.transplant.learning import Habits, Question
from workers.transplant.names import features, similarity
from workers.transplant.ordering import Line, Order, order
from workers.transplant.pairing import Pair, fitting
from workers.transplant.units import Unit
from workers.weights.variables import Array

NAMES, ORDER, HABITS = 1.0, 0.4, 1.6
BESIDE = 0.8  # the layer that it normalises went to that which the other one normalises
SAME_NAME = 0.4
SPARE = 0.3  # a variable that shares another's memory goes where nothing else does


@dataclass(frozen=True, slots=True)
class Cluster:
    """Units that compete, the readings in which each two fit, and what their names and order
    alone cost; (sources, targets)."""

    sources: tuple[Unit, ...]
    targets: tuple[Unit, ...]
    pairs: Mapping[tuple[int, int], Pair]
    names: Array
    order: Array

    def costs(
        self, habits: Habits | None, before: Assignment | None, beside: Array | float = 0.0
    ) -> Array:
        """The whole cost, float64, FORBIDDEN where two do not fit.

        `before` is the assignment that the habits were learnt from; `beside` is 1 where the
        companions of two went together in it.
        """
        import numpy as np

        found = NAMES * (1 - self.names) + ORDER * self.order - BESIDE * beside
        if habits is not None:
            found = found + HABITS * (1 - habits.agreement(self._question(before)))
        costs = np.full(found.shape, FORBIDDEN)
        for (row, column), pair in self.pairs.items():
            spare = SPARE * self.sources[row].spare
            costs[row, column] = found[row, column] + pair.doubt + spare
        return costs

    def _question(self, before: Assignment | None) -> Question:
        count = len(self.sources)
        return Question(
            [each.tokens for each in self.sources],
            [each.tokens for each in self.targets],
            before.columns if before is not None else (-1,) * count,
            before.worths if before is not None else (0.0,) * count,
        )


def cluster(
    sources: Sequence[Unit], targets: Sequence[Unit], *, lines: tuple[Line, Line]
) -> Cluster:
    """Everything about a cluster that stays the same while pairs are learnt from.

    `lines` are the source's and the target's.
    """
    pairs = {
        (row, column): pair
        for row, source in enumerate(sources)
        for column, target in enumerate(targets)
        if (pair := fitting(source, target)) is not None
    }
    return Cluster(
        tuple(sources),
        tuple(targets),
        pairs,
        _names(sources, targets),
        _order(sources, targets, pairs, lines),
    )


def _names(sources: Sequence[Unit], targets: Sequence[Unit]) -> Array:
    import numpy as np

    said = [features(each.tokens, each.ranks) for each in targets]
    found = np.zeros((len(sources), len(targets)))
    for row, source in enumerate(sources):
        own = features(source.tokens, source.ranks)
        for column, target in enumerate(targets):
            same = _same_name(source, target)
            found[row, column] = similarity(own, said[column]) + SAME_NAME * same
    return found


def _same_name(source: Unit, target: Unit) -> bool:
    alike = source.tokens == target.tokens and source.ranks == target.ranks
    return bool(source.tokens) and alike


def _order(
    sources: Sequence[Unit],
    targets: Sequence[Unit],
    pairs: Mapping[tuple[int, int], Pair],
    lines: tuple[Line, Line],
) -> Array:
    import numpy as np

    keys = {pair.source.key for pair in pairs.values()}
    left = {each: _ranked(sources, each, lines[0]) for each in keys}
    right = {each: _ranked(targets, each, lines[1]) for each in keys}
    found = np.zeros((len(sources), len(targets)))
    for (row, column), pair in pairs.items():
        first, second = left[pair.source.key], right[pair.source.key]
        counts = len(first.ranks), len(second.ranks)
        here, there = first.ranks[row], second.ranks[column]
        if counts[0] != counts[1]:
            here = round(_relative(row, sources) * max(counts))
            there = round(_relative(column, targets) * max(counts))
        away = abs(here - there)
        trust = min(first.trust, second.trust)
        found[row, column] = trust * (0.5 * (away > 0) + 0.5 * away / max(counts))
    return found


def _ranked(units: Sequence[Unit], key: object, line: Line) -> Order:
    members = [
        index for index, unit in enumerate(units) if any(each.key == key for each in unit.readings)
    ]
    return order(units, members, line)


def _relative(index: int, units: Sequence[Unit]) -> float:
    """Where a unit stands among all of its cluster, from 0 to 1."""
    return index / max(len(units), 1)
