"""Planning: from a model and a target to the steps that would take one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import (
    FerryError,
    InvalidOptions,
    NoRoute,
    SamplesRequired,
    Unplannable,
    UnsupportedPrecision,
)
from shared.domain.formats import FORMATS, target_named
from shared.domain.gpus import ANY, Needs
from shared.domain.offers import ConverterOffer, Queue
from shared.domain.plans import Convert, Declined, Inspect, Plan, Route
from shared.domain.rosters import Roster
from shared.domain.routes import Path, routes, unheard_on
from shared.domain.targets import Target
from shared.domain.views import RouteView
from shared.services.checking import check_before
from shared.services.placing import WARMUP, Placed, placed
from shared.services.proving import INSPECTED, only, proof
from shared.services.refusing import no_route, refuse_unknown, unhonoured
from shared.services.transplanting import leading, refuse_bare, roads, with_lead
from shared.telemetry import logger

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """The routes that can honour what was asked, the place of each converter on them, and why
    others were left out."""

    paths: tuple[Path, ...]
    places: Mapping[str, Placed]
    declined: Mapping[str, FerryError]
    unheard: tuple[Declined, ...] = ()


def plan(source: str, target: Target, roster: Roster, *, samples: bool = False) -> Plan:
    """What will be done, over everything that any worker ever said it can do.

    Args:
        samples: whether the job brings inputs of the user's.

    Raises:
        UnknownTarget: there is no such format.
        BareStateDict: the source is weights alone, and no template says of which model.
        NoRoute: no chain of known converters joins the two; says what can be reached.
        InvalidOptions: an option that no converter on any route knows, or a value that none
            of them can honour.
        UnsupportedPrecision: the GPU that was asked for does not compute in the precision.
        SamplesRequired: what was asked for cannot be done without any.
    """
    goal = target_named(target.format).name
    refuse_bare(source, target)
    inspect = inspection(source, target.options, roster)
    found = _found(source, target, roster, samples=samples)
    return Plan(
        source=source,
        target=goal,
        inspect=inspect,
        routes=tuple(_route(source, path, found, target.options, roster) for path in found.paths),
        declined=declined(found),
    )


def _found(source: str, target: Target, roster: Roster, *, samples: bool) -> Found:
    """The routes; by converters that no worker has offered yet only where there are no others."""
    offered = tuple(roster.converters.values())
    known = tuple(roster.known.values())
    if known:
        try:
            return search(offered, source, target, roster, samples=samples)
        except Unplannable as error:
            log.debug("waits_for_newcomers", target=target.format, why=error.code)
    return search((*offered, *known), source, target, roster, samples=samples)


def inspection(source: str, given: Mapping[str, Any], roster: Roster) -> Inspect:
    """How the source is read.

    Raises:
        NoRoute: no worker can read it.
    """
    found = roster.runtimes(source)
    if found is None:
        raise NoRoute(
            f"No worker that can read {source} has come on line yet. Start one that can, and"
            " submit again.",
            field="model_id",
        )
    toolchain, queue = found
    return Inspect(format=source, options=only(INSPECTED, given), queue=queue, toolchain=toolchain)


def search(
    edges: Sequence[ConverterOffer],
    source: str,
    target: Target,
    roster: Roster,
    *,
    samples: bool,
) -> Found:
    """The routes over these edges, and what each converter on them is told.

    Raises:
        NoRoute, InvalidOptions, UnsupportedPrecision, SamplesRequired: as with `plan`.
    """
    lead = leading(edges, source, target)
    given, goal, edges = with_lead(target.options, lead), target.format, roads(edges)
    start = lead[-1].target if lead else source
    if not lead or start != goal or given:
        refuse_unknown(given, edges, start, goal)
    if not routes(edges, start, goal, given, lead=lead):
        raise no_route(edges, start, goal, given)
    places: dict[str, Placed] = {}
    left_out: dict[str, FerryError] = {}
    while True:
        paths = routes(edges, start, goal, given, roster.online, without=left_out, lead=lead)
        fresh = [edge for path in paths for edge in path if edge.name not in places]
        if not fresh:
            break
        for edge in fresh:
            try:
                told = target.options if edge in lead else given
                places[edge.name] = placed(edge, told, roster, samples=samples)
            except (InvalidOptions, UnsupportedPrecision, SamplesRequired) as error:
                left_out[edge.name] = error
    if not paths:
        raise unhonoured(left_out)
    return Found(paths, places, left_out, tuple(_unheard(paths[0], edges, given)))


def _unheard(
    path: Path, edges: Sequence[ConverterOffer], given: Mapping[str, Any]
) -> Iterator[Declined]:
    """Each option that changes nothing, by the converters that would have taken it."""
    for name in sorted(unheard_on(path, edges, given)):
        takers = {edge.name for edge in edges if name in edge.options.get("properties", {})}
        yield Declined(
            converter=", ".join(sorted(takers)),
            reason=f"No route takes {name!r} along with all else that was asked; it changed"
            " nothing.",
        )


def converts_of(path: Path, places: Mapping[str, Placed]) -> tuple[Convert, ...]:
    """The steps that walk a path."""
    return tuple(
        Convert(
            converter=edge.name,
            version=edge.version,
            source=edge.source,
            target=edge.target,
            options=places[edge.name].options,
            samples=edge.wants_samples(places[edge.name].options)
            or places[edge.name].options.get(WARMUP) == "samples",
            transplant=edge.transplant,
            queue=edge.queue,
            needs=places[edge.name].needs,
            toolchain=edge.toolchain,
        )
        for edge in path
    )


def declined(found: Found) -> tuple[Declined, ...]:
    """What was left out, for the plan."""
    left_out = (
        Declined(converter=name, reason=why.fault.detail) for name, why in found.declined.items()
    )
    return (*left_out, *found.unheard)


def known_routes(roster: Roster, source: str | None, target: str | None) -> Iterator[RouteView]:
    """Every route between known formats, or those from or to the given ones, best first."""
    edges = roads((*roster.converters.values(), *roster.known.values()))
    for start in FORMATS:
        for goal in FORMATS:
            if start == goal or source not in {None, start} or target not in {None, goal}:
                continue
            for path in routes(edges, start, goal, {}, roster.online):
                yield _view(start, goal, path, roster)


def _route(
    source: str, path: Path, found: Found, given: Mapping[str, Any], roster: Roster
) -> Route:
    proven = proof(source, path, _needs(path, found.places), given, roster)
    check = check_before(path, given, roster)
    return Route(
        converts=converts_of(path, found.places),
        check=check if check and check.capability in roster.online else None,
        verify=proven.verify,
        unverified=proven.unverified,
    )


def _needs(path: Path, places: Mapping[str, Placed]) -> Needs:
    """Those of the last step that runs on a GPU."""
    asked = [places[edge.name].needs for edge in path if edge.queue is Queue.GPU]
    return asked[-1] if asked else ANY


def _view(source: str, goal: str, path: Path, roster: Roster) -> RouteView:
    proven = proof(source, path, ANY, {}, roster)
    needed = {f"inspect:{source}", *(edge.capability for edge in path)}
    if proven.verify:
        needed.add(proven.verify.capability)
    return RouteView(
        source=source,
        target=goal,
        converters=tuple(edge.name for edge in path),
        verified=proven.unverified is None,
        online=needed <= roster.online,
    )
