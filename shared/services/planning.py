"""Planning: from a model and a target to the steps that would take one to the other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import BareStateDict, InvalidOptions, NoRoute
from shared.domain.formats import FORMATS, STATE_DICT, target_named
from shared.domain.offers import ConverterOffer
from shared.domain.plans import Convert, Declined, Inspect, Plan, Route, Verify
from shared.domain.rosters import Roster
from shared.domain.routes import Path, routes
from shared.domain.targets import Target
from shared.domain.views import RouteView
from shared.services.options import own_options

INSPECTED: Final = ("inputs", "signature")
"""Options that an inspection reads: what the file does not say of its inputs, and which of its
signatures is meant."""

VERIFIED: Final = (*INSPECTED, "dynamic")
"""Options that a verification reads: also which differences the user asked for."""


def plan(source: str, target: Target, roster: Roster) -> Plan:
    """What will be done, over everything that any worker ever said it can do.

    Raises:
        UnknownTarget: there is no such format.
        BareStateDict: the source is weights without a model.
        NoRoute: no chain of known converters joins the two; says what can be reached.
        InvalidOptions: an option that no converter on any route knows, or a value that none
            of them can honour.
    """
    goal = target_named(target.format).name
    if source == STATE_DICT.name:
        raise BareStateDict(
            "The file holds weights only: the model's code, its architecture, is missing. Save"
            " the whole model with torch.export.save(torch.export.export(model, inputs), path)"
            " and send that .pt2 file.",
            field="model_id",
        )
    inspect = _inspection(source, target.options, roster)
    edges = tuple(roster.converters.values())
    _refuse_unknown(target.options, edges, source, goal, roster.online)
    if not routes(edges, source, goal, target.options):
        raise _no_route(source, goal, roster)
    paths, options, declined = _honoured(edges, source, goal, target.options, roster.online)
    if not paths:
        raise _unhonoured(declined)
    return Plan(
        source=source,
        target=goal,
        inspect=inspect,
        routes=tuple(_route(source, path, options, target.options, roster) for path in paths),
        declined=tuple(
            Declined(converter=name, reason=why.fault.detail) for name, why in declined.items()
        ),
    )


def known_routes(roster: Roster, source: str | None, target: str | None) -> Iterator[RouteView]:
    """Every route between known formats, or those from or to the given ones, best first."""
    edges = tuple(roster.converters.values())
    for start in FORMATS:
        for goal in FORMATS:
            if start == goal or source not in {None, start} or target not in {None, goal}:
                continue
            for path in routes(edges, start, goal, {}, roster.online):
                yield _view(start, goal, path, roster)


def _inspection(source: str, given: Mapping[str, Any], roster: Roster) -> Inspect:
    found = roster.runtimes(source)
    if found is None:
        raise NoRoute(
            f"No worker that can read {source} has come on line yet. Start one that can, and"
            " submit again.",
            field="model_id",
        )
    return Inspect(format=source, options=_only(INSPECTED, given), toolchain=found[0])


def _refuse_unknown(
    given: Mapping[str, Any],
    edges: Sequence[ConverterOffer],
    source: str,
    goal: str,
    online: frozenset[str],
) -> None:
    """Refuse a field that no converter on any route takes, and a wish that is no yes or no."""
    paths = routes(edges, source, goal, given, online) or routes(edges, source, goal, {}, online)
    stops = {source, goal} | {edge.target for path in paths for edge in path}
    wishes = {each.asked_by for each in edges if each.asked_by and each.source in stops}
    taken = {
        name for path in paths for edge in path for name in edge.options.get("properties", {})
    }
    for name, value in given.items():
        if name in wishes and not isinstance(value, bool):
            raise InvalidOptions(
                f"{name} must be true or false; it was {value!r}.", field=f"options.{name}"
            )
        if paths and name not in wishes | taken:
            known = ", ".join(sorted(wishes | taken)) or "none"
            raise InvalidOptions(
                f"No converter from {source} to {goal} has an option {name!r}."
                f" Options there: {known}.",
                field=f"options.{name}",
            )


def _unhonoured(declined: Mapping[str, InvalidOptions]) -> InvalidOptions:
    """What each converter would have taken, where there are several."""
    first, *others = declined.values()
    if not others:
        return first
    told = "; ".join(
        f"{name}: {why.fault.detail.rstrip('.')}" for name, why in sorted(declined.items())
    )
    return InvalidOptions(f"No route can honour this. {told}.", field=first.fault.field)


def _no_route(source: str, goal: str, roster: Roster) -> NoRoute:
    if source == goal:
        return NoRoute(
            f"The model is {goal} already, and nothing was asked to be done to it. Set an option"
            " that changes it, such as simplify; others, such as another opset, are not offered"
            f" from {goal} to {goal}.",
            field="targets.format",
        )
    reached = sorted({view.target for view in known_routes(roster, source, None)})
    there = (
        f"From {source} one can reach: {', '.join(reached)}."
        if reached
        else (f"No known converter starts from {source}.")
    )
    return NoRoute(
        f"No chain of converters leads from {source} to {goal}. {there}",
        field="targets.format",
    )


def _honoured(
    edges: Sequence[ConverterOffer],
    source: str,
    goal: str,
    given: Mapping[str, Any],
    online: frozenset[str],
) -> tuple[tuple[Path, ...], dict[str, dict[str, Any]], dict[str, InvalidOptions]]:
    """The routes that can honour what was given, the own options of each converter on them,
    and the converters that were left out."""
    options: dict[str, dict[str, Any]] = {}
    declined: dict[str, InvalidOptions] = {}
    while True:
        usable = [edge for edge in edges if edge.name not in declined]
        paths = routes(usable, source, goal, given, online)
        fresh = [edge for path in paths for edge in path if edge.name not in options]
        if not fresh:
            return paths, options, declined
        for edge in fresh:
            try:
                options[edge.name] = own_options(edge.options, given)
            except InvalidOptions as error:
                if edge.asked_by:
                    raise
                declined[edge.name] = error


def _route(
    source: str,
    path: Path,
    options: Mapping[str, dict[str, Any]],
    given: Mapping[str, Any],
    roster: Roster,
) -> Route:
    converts = tuple(
        Convert(
            converter=edge.name,
            version=edge.version,
            source=edge.source,
            target=edge.target,
            options=options[edge.name],
            queue=edge.queue,
            toolchain=edge.toolchain,
        )
        for edge in path
    )
    return Route(converts=converts, verify=_verification(source, path[-1].target, given, roster))


def _verification(
    source: str, goal: str, given: Mapping[str, Any], roster: Roster
) -> Verify | None:
    found = roster.runtimes(source, goal)
    if found is None:
        return None
    toolchain, queue = found
    return Verify(
        reference=source,
        candidate=goal,
        options=_only(VERIFIED, given),
        queue=queue,
        toolchain=toolchain,
    )


def _only(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _view(source: str, goal: str, path: Path, roster: Roster) -> RouteView:
    verify = _verification(source, goal, {}, roster)
    needed = {f"inspect:{source}", *(edge.capability for edge in path)}
    if verify:
        needed.add(verify.capability)
    return RouteView(
        source=source,
        target=goal,
        converters=tuple(edge.name for edge in path),
        verified=verify is not None,
        online=needed <= roster.online,
    )
