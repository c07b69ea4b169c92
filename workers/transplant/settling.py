"""Matches: the pairs of units that were settled on, and the questions that were not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workers.transplant.assigning import Assignment, assign
from workers.transplant.companions import companions
from workers.transplant.learning import Habits, Sighting
from workers.transplant.ordering import Line
from workers.transplant.pairing import Pair, clusters
from workers.transplant.scoring import Cluster, cluster
from workers.transplant.units import Unit
from workers.weights.variables import Array

NEAR = 0.15
"""Assignments that cost this much more are as good."""

ROUNDS = 6

HELD, STAYS = 100.0, 0.5
"""What it is worth that a source goes where it must, and that it stays where it was."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two units, the readings in which they fit, and what the pair is worth to the whole."""

    source: Unit
    target: Unit
    pair: Pair
    margin: float
    alike: float
    same_rank: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Units of which each could be each."""

    sources: tuple[Unit, ...]
    targets: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """What an assignment of all units came to."""

    sure: tuple[Match, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Units that compete, what each pair of them costs after all rounds, and the assignments."""

    rivals: tuple[Cluster, ...]
    costs: tuple[Array, ...]
    found: tuple[Assignment, ...]
    rows: dict[int, tuple[int, int]] = field(init=False)
    columns: dict[int, tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", dict(_standing(each.sources for each in self.rivals)))
        object.__setattr__(self, "columns", dict(_standing(each.targets for each in self.rivals)))

    def matches(self) -> Matches:
        """The pairs that are sure, and the rest as doubts."""
        ends = list(zip(self.rivals, self.found, strict=True))
        return Matches(
            tuple(match for each in ends for match in _sure(*each)),
            tuple(doubt for each in ends for doubt in _doubts(*each)),
        )

    def fit(self, source: int, target: int) -> bool:
        """Whether the units at these places fit."""
        at, row = self.rows[source]
        there, column = self.columns.get(target, (-1, -1))
        return at == there and (row, column) in self.rivals[at].pairs

    def together(self, one: int, other: int) -> bool:
        """Whether two sources compete for the same targets."""
        return self.rows[one][0] == self.rows[other][0]

    def chosen(
        self, held: Mapping[int, frozenset[int]], before: Mapping[int, int] | None = None
    ) -> dict[int, int]:
        """The cheapest assignment, by the places of sources and targets, in which each source
        that is held goes to one of those targets, if it can be; others stay where they were
        `before`, if they can."""
        import numpy as np

        found: dict[int, int] = {}
        for group, costs, last in zip(self.rivals, self.costs, self.found, strict=True):
            if not held:
                found.update(_pairs(group, last.columns))
                continue
            own = np.array(costs)
            for row, source in enumerate(group.sources):
                for column, target in enumerate(group.targets):
                    if (row, column) in group.pairs:
                        own[row, column] -= HELD * (target.place in held.get(source.place, ()))
                        stays = (before or {}).get(source.place) == target.place
                        own[row, column] -= STAYS * stays
            found.update(_pairs(group, assign(own, NEAR).columns))
        return found

    def matches_of(self, chosen: Mapping[int, int]) -> Matches:
        """The matches of an assignment, each as sure as names and order had it."""
        return Matches(tuple(self._matches_of(chosen)), ())

    def _matches_of(self, chosen: Mapping[int, int]) -> Iterator[Match]:
        for source, target in sorted(chosen.items()):
            at, row = self.rows[source]
            yield _match(self.rivals[at], self.found[at], row, self.columns[target][1])


def settle(
    sources: Sequence[Unit],
    targets: Sequence[Unit],
    *,
    lines: tuple[Line, Line],
    known: Iterable[Sighting],
) -> Settled:
    """The cheapest assignment of units, found again with what each round taught of the names.

    `lines` say what the order of the sources and of the targets is.
    """
    rivals = [
        cluster([sources[each] for each in left], [targets[each] for each in right], lines=lines)
        for left, right in clusters(sources, targets)
    ]
    left = companions(sources, ordered=lines[0] is not Line.FILE)
    right = companions(targets, ordered=lines[1] is not Line.FILE)
    given = tuple(known)
    taught = Habits(given) if given else None
    costs = [each.costs(taught, None) for each in rivals]
    found = [assign(each, NEAR) for each in costs]
    for _ in range(ROUNDS):
        before = [each.columns for each in found]
        taught = Habits((*given, *_sightings(rivals, found)))
        went = dict(_places(rivals, found))
        costs = [
            group.costs(taught, last, _beside(group, left, right, went))
            for group, last in zip(rivals, found, strict=True)
        ]
        found = [assign(each, NEAR) for each in costs]
        if [each.columns for each in found] == before:
            break
    return Settled(tuple(rivals), tuple(costs), tuple(found))


def _sightings(rivals: list[Cluster], found: list[Assignment]) -> Iterator[Sighting]:
    for group, assignment in zip(rivals, found, strict=True):
        for row, column in enumerate(assignment.columns):
            if column >= 0:
                source, target = group.sources[row], group.targets[column]
                yield Sighting(source.tokens, target.tokens, assignment.worths[row])


def _places(rivals: list[Cluster], found: list[Assignment]) -> Iterator[tuple[int, int]]:
    for group, assignment in zip(rivals, found, strict=True):
        yield from _pairs(group, assignment.columns)


def _beside(
    group: Cluster, left: Mapping[int, int], right: Mapping[int, int], went: Mapping[int, int]
) -> Array:
    """1 where the companions of a source and of a target went together, (sources, targets)."""
    import numpy as np

    here = [went.get(left.get(each.place, -1), -1) for each in group.sources]
    there = [right.get(each.place, -2) for each in group.targets]
    beside: Array = np.equal.outer(here, there).astype(float)
    return beside


def _sure(group: Cluster, assignment: Assignment) -> Iterator[Match]:
    for row, column in enumerate(assignment.columns):
        if column >= 0 and assignment.margins[row] >= NEAR:
            yield _match(group, assignment, row, column)


def _standing(groups: Iterable[Sequence[Unit]]) -> Iterator[tuple[int, tuple[int, int]]]:
    """By a unit's place, in which of the groups it is and where there."""
    for at, units in enumerate(groups):
        for index, unit in enumerate(units):
            yield unit.place, (at, index)


def _match(group: Cluster, assignment: Assignment, row: int, column: int) -> Match:
    as_settled = assignment.columns[row] == column
    return Match(
        group.sources[row],
        group.targets[column],
        group.pairs[row, column],
        assignment.margins[row] if as_settled else 0.0,
        min(1.0, float(group.names[row, column])),
        bool(group.order[row, column] == 0),
    )


def _pairs(group: Cluster, columns: Sequence[int]) -> Iterator[tuple[int, int]]:
    for row, column in enumerate(columns):
        if column >= 0:
            yield group.sources[row].place, group.targets[column].place


def _doubts(group: Cluster, assignment: Assignment) -> Iterator[Doubt]:
    """Rows and columns that could trade, gathered where they overlap."""
    gathered: list[tuple[set[int], set[int]]] = []
    for row, column in enumerate(assignment.columns):
        if column < 0 or assignment.margins[row] >= NEAR:
            continue
        rival = assignment.rivals[row]
        rows, columns = {row, *rival.rows}, {column, *rival.columns}
        apart = []
        for each in gathered:
            if each[0] & rows or each[1] & columns:
                rows |= each[0]
                columns |= each[1]
            else:
                apart.append(each)
        gathered = [*apart, (rows, columns)]
    for rows, columns in gathered:
        yield Doubt(
            tuple(group.sources[each] for each in sorted(rows)),
            tuple(group.targets[each] for each in sorted(columns)),
        )
