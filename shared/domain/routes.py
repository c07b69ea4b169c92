"""Find every chain of converters between two formats, best first."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from shared.domain.formats import FORMATS
from shared.domain.offers import ConverterOffer, Fidelity, Queue

MOST_HOPS = 4
"""Longer chains are never the better answer, and the graph has cycles."""

MOST_ROUTES = 4
"""Each route that fails costs its user the time it took."""

NEEDED: Final = ("gpu", "compute_capability", "gpu_memory")
"""Options of an edge that runs on a GPU which say what that GPU must be."""


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
    *,
    without: Collection[str] = (),
    lead: Path = (),
    most: int = MOST_ROUTES,
) -> tuple[Path, ...]:
    """Every simple path from source to target within MOST_HOPS, cheapest first.

    Those whose every capability is among `online` come before all others: a converter that
    left the fleet is waited for only where there is no other way.

    Edges from a format to itself are no part of the search. One for each wish that `options`
    have is put in where the path stops at its format; those at one stop in their turns, and in
    the order of their names. None is put in for a wish that an edge which leads to that format
    takes as an option of its own: an exporter writes the opset that it is told. A path that
    cannot honour every wish is none, nor is one without a GPU step where
    `options` say what the GPU must be, nor one that leaves more of `options` unheard than
    another would. A lossy edge between formats is never taken (nobody asked for the loss). The
    edges named `without` are not taken, but what they would have done is no less asked for. A
    format that holds weights alone is no stop between two others. Each path begins with `lead`,
    which ends at `source`. Of what is found the `most` first are given.
    """
    distinct = {(edge.name, edge.version): edge for edge in edges}
    known = [distinct[key] for key in sorted(distinct)]
    wishes = wishes_of(known, options)
    asked = [edge for edge in known if is_asked(edge, options)]
    needed = needed_of(known, options)
    roads = [edge for edge in known if not edge.asked_by and edge.fidelity < Fidelity.LOSSY]
    if source == target:
        plain: Iterator[Path] = iter([()])
    else:
        plain = _paths(roads, source, target, (), frozenset({source}))
    dressed = (each for path in plain for each in _dressed(path, source, asked, wishes))
    begun = ((*lead, *path) for path in dressed)
    able = [path for path in begun if path and needed <= _said_of_gpus(path)]
    unheard = [len(unheard_on(path, known, options)) for path in able]
    least = min(unheard, default=0)
    found = [
        path
        for path, count in zip(able, unheard, strict=True)
        if count == least and not any(edge.name in without for edge in path)
    ]
    found.sort(key=lambda path: (cost(path), [edge.name for edge in path]))
    found.sort(key=lambda path: any(edge.capability not in online for edge in path))
    return tuple(found[:most])


def cost(path: Path) -> Cost:
    """What the planner minimises."""
    return Cost(
        lossy=sum(edge.fidelity is Fidelity.LOSSY for edge in path),
        hops=len(path),
        gpu_steps=sum(edge.queue is Queue.GPU for edge in path),
        wear=sum(edge.fidelity for edge in path),
    )


def is_asked(edge: ConverterOffer, options: Mapping[str, Any]) -> bool:
    """Whether the options ask for this edge. 1 is not true, though Python says so."""
    given = options.get(edge.asked_by) if edge.asked_by else None
    if edge.asked_for is None:
        return given is not None
    return type(given) is type(edge.asked_for) and given == edge.asked_for


def wishes_of(edges: Iterable[ConverterOffer], options: Mapping[str, Any]) -> frozenset[str]:
    """The options whose values ask for some edge."""
    return frozenset(edge.asked_by for edge in edges if edge.asked_by and is_asked(edge, options))


def unheard_on(
    path: Path, edges: Iterable[ConverterOffer], options: Mapping[str, Any]
) -> frozenset[str]:
    """The options that would change nothing on this path: no edge on it takes them.

    A wish among `edges` is heard on every path, since one without its edge is none.
    """
    taken = {name for edge in path for name in edge.options.get("properties", {})}
    taken |= {edge.asked_by for edge in edges if edge.asked_by}
    return frozenset(name for name, value in options.items() if value is not None) - taken


def needed_of(edges: Iterable[ConverterOffer], options: Mapping[str, Any]) -> frozenset[str]:
    """The options that say what a GPU must be, where there are edges that would hear it."""
    heard = frozenset[str]().union(*(_said_of_gpus((edge,)) for edge in edges))
    return frozenset(name for name in heard if options.get(name) is not None)


def _said_of_gpus(path: Path) -> frozenset[str]:
    return frozenset(
        name
        for edge in path
        if edge.queue is Queue.GPU
        for name in NEEDED
        if name in edge.options.get("properties", {})
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
        if edge.source == here and edge.target not in seen and (not path or _is_model(here)):
            yield from _paths(roads, edge.target, target, (*path, edge), seen | {edge.target})


def _is_model(format: str) -> bool:
    return format not in FORMATS or not FORMATS[format].weights


def _dressed(
    path: Path, source: str, asked: Sequence[ConverterOffer], wishes: Collection[str]
) -> Iterator[Path]:
    """The path with an edge for each wish: every way to honour all of them, if there is any."""
    stops = [source, *(edge.target for edge in path)]
    choices = [
        [edge for edge in asked if edge.asked_by == wish and edge.source in stops]
        for wish in sorted(wishes)
        if not _heard_on_the_way(wish, path, asked)
    ]
    for chosen in product(*choices):
        yield _put_in(path, source, sorted(chosen, key=lambda edge: (edge.turn, edge.name)))


def _heard_on_the_way(wish: str, path: Path, asked: Sequence[ConverterOffer]) -> bool:
    formats = {edge.source for edge in asked if edge.asked_by == wish}
    return any(
        edge.target in formats and wish in edge.options.get("properties", {}) for edge in path
    )


def _put_in(path: Path, source: str, chosen: Sequence[ConverterOffer]) -> Path:
    dressed = [edge for edge in chosen if edge.source == source]
    for step in path:
        dressed += [step, *(edge for edge in chosen if edge.source == step.target)]
    return tuple(dressed)
