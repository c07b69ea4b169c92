"""Find every chain of converters between two formats, best first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain.offers import ConverterOffer, Fidelity, Queue

MOST_HOPS = 4
"""Longer chains are never the better answer, and the graph has cycles."""

MOST_ROUTES = 4
"""Each route that fails costs its user the time it took."""


class Cost(NamedTuple):
    """Compared field by field, in this order."""

    lossy: int
    hops: int
    gpu_steps: int
    wear: int  # the sum of fidelities: of two equal paths, the one that keeps more comes first


Path = tuple[ConverterOffer, ...]


def routes(
    edges: Iterable[ConverterOffer],
    source: str,
    target: str,
    options: Mapping[str, Any],
    online: frozenset[str] = frozenset(),
) -> tuple[Path, ...]:
    """Every simple path from source to target within MOST_HOPS, cheapest first.

    Those whose every capability is among `online` come before all others: a converter that
    left the fleet is waited for only where there is no other way.

    Edges from a format to itself are no part of the search: those that `options` ask for are
    put in behind the first arrival at their format, in the order of their names. A lossy edge
    between formats is never taken (nobody asked for the loss).
    """
    distinct = {(edge.name, edge.version): edge for edge in edges}
    known = [distinct[key] for key in sorted(distinct)]
    asked = [edge for edge in known if edge.asked_by and options.get(edge.asked_by) is True]
    roads = [edge for edge in known if not edge.asked_by and edge.fidelity < Fidelity.LOSSY]
    if source == target:
        plain: Iterator[Path] = iter([()])
    else:
        plain = _paths(roads, source, target, (), frozenset({source}))
    dressed = (_dress(path, source, asked) for path in plain)
    found = [path for path in dressed if path]
    found.sort(key=lambda path: (cost(path), [edge.name for edge in path]))
    found.sort(key=lambda path: any(edge.capability not in online for edge in path))
    return tuple(found[:MOST_ROUTES])


def cost(path: Path) -> Cost:
    """What the planner minimises."""
    return Cost(
        lossy=sum(edge.fidelity is Fidelity.LOSSY for edge in path),
        hops=len(path),
        gpu_steps=sum(edge.queue is Queue.GPU for edge in path),
        wear=sum(edge.fidelity for edge in path),
    )


def _paths(
    roads: Sequence[ConverterOffer],
    here: str,
    target: str,
    path: Path,
    seen: frozenset[str],
) -> Iterator[Path]:
    if here == target:
        yield path
        return
    if len(path) == MOST_HOPS:
        return
    for edge in roads:
        if edge.source == here and edge.target not in seen:
            yield from _paths(roads, edge.target, target, (*path, edge), seen | {edge.target})


def _dress(path: Path, source: str, asked: Sequence[ConverterOffer]) -> Path:
    """Put the edges that were asked for where the path ends, or at the last stop they fit."""
    stops = [source, *(edge.target for edge in path)]
    dressed: list[ConverterOffer] = []
    for index, stop in enumerate(stops):
        if index:
            dressed.append(path[index - 1])
        last_visit = stop not in stops[index + 1 :]
        if last_visit:
            dressed.extend(edge for edge in asked if edge.source == stop)
    return tuple(dressed)
