"""Pairs: which unit of the source may become which of the target, and what it costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workers.transplant.units import Reading, Unit

MISSING = 0.5  # a role that one of the two layers does without


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings that fit. `doubt` counts against them, whatever the names say."""

    source: Reading
    target: Reading
    doubt: float


def fitting(source: Unit, target: Unit) -> Pair | None:
    """The least doubtful readings in which they fit, or nothing."""
    pairs = (
        Pair(first, second, first.doubt + second.doubt + MISSING * _missing(first, second))
        for first in source.readings
        for second in target.readings
        if first.key == second.key and _agree(first, second)
    )
    return min(pairs, key=lambda each: each.doubt, default=None)


def _agree(first: Reading, second: Reading) -> bool:
    """Roles that both have are of one shape."""
    shared = first.roles.keys() & second.roles.keys()
    return all(first.roles[each].shape == second.roles[each].shape for each in shared)


def _missing(first: Reading, second: Reading) -> int:
    return len(first.roles.keys() ^ second.roles.keys())


def clusters(
    sources: Sequence[Unit], targets: Sequence[Unit]
) -> list[tuple[list[int], list[int]]]:
    """Units that compete for one another, by position: those that share a key, and so on."""
    leader: dict[object, object] = {}

    def root(node: object) -> object:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    sides: Iterable[tuple[str, Sequence[Unit]]] = (("source", sources), ("target", targets))
    for name, units in sides:
        for index, unit in enumerate(units):
            for reading in unit.readings:
                leader[root((name, index))] = root(reading.key)
    found: Mapping[object, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index in range(len(sources)):
        found[root(("source", index))][0].append(index)
    for index in range(len(targets)):
        found[root(("target", index))][1].append(index)
    return [each for each in found.values() if each[0] and each[1]]
