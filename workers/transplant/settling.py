"""Matches: the pairs of units that were settled on, and the questions that were not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workers.transplant.assigning import Assignment, assign
from workers.transplant.companions import companions
from workers.transplant.learning import Habits, Sighting
from workers.transplant.pairing import Pair, clusters
from workers.transplant.scoring import Cluster, cluster
from workers.transplant.units import Unit
from workers.weights.variables import Array

NEAR = 0.15
"""Assignments that cost this much more are as good."""

ROUNDS = 6


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


def matches(
    sources: Sequence[Unit],
    targets: Sequence[Unit],
    *,
    ordered: tuple[bool, bool],
    known: Iterable[Sighting],
) -> Matches:
    """The cheapest assignment of units, found again with what each round taught of the names."""
    rivals = [
        cluster(
            [sources[each] for each in left], [targets[each] for each in right], ordered=ordered
        )
        for left, right in clusters(sources, targets)
    ]
    left = companions(sources, ordered=ordered[0])
    right = companions(targets, ordered=ordered[1])
    given = tuple(known)
    taught = Habits(given) if given else None
    found = [assign(each.costs(taught, None), NEAR) for each in rivals]
    for _ in range(ROUNDS):
        before = [each.columns for each in found]
        taught = Habits((*given, *_sightings(rivals, found)))
        went = dict(_places(rivals, found))
        both = zip(rivals, found, strict=True)
        found = [
            assign(group.costs(taught, last, _beside(group, left, right, went)), NEAR)
            for group, last in both
        ]
        if [each.columns for each in found] == before:
            break
    ends = list(zip(rivals, found, strict=True))
    return Matches(
        tuple(match for each in ends for match in _sure(*each)),
        tuple(doubt for each in ends for doubt in _doubts(*each)),
    )


def _sightings(rivals: list[Cluster], found: list[Assignment]) -> Iterator[Sighting]:
    for group, assignment in zip(rivals, found, strict=True):
        for row, column in enumerate(assignment.columns):
            if column >= 0:
                source, target = group.sources[row], group.targets[column]
                yield Sighting(source.tokens, target.tokens, assignment.worths[row])


def _places(rivals: list[Cluster], found: list[Assignment]) -> Iterator[tuple[int, int]]:
    for group, assignment in zip(rivals, found, strict=True):
        for row, column in enumerate(assignment.columns):
            if column >= 0:
                yield group.sources[row].place, group.targets[column].place


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
            yield Match(
                group.sources[row],
                group.targets[column],
                group.pairs[row, column],
                assignment.margins[row],
                min(1.0, float(group.names[row, column])),
                bool(group.order[row, column] == 0),
            )


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
