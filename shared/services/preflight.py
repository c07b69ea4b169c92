"""Preflight: what a target covers of a model, asked without building anything."""

from collections.abc import Mapping
from typing import Any

from shared.domain.errors import FerryError, NoRoute
from shared.domain.formats import target_named
from shared.domain.jobs import MAPPING, TEMPLATE
from shared.domain.plans import Plan, Route
from shared.domain.rosters import Roster
from shared.domain.routes import Path
from shared.domain.targets import Target
from shared.services.checking import check_before
from shared.services.planning import Found, converts_of, declined, inspection, search
from shared.services.proving import only
from shared.services.transplanting import refuse_bare

UNBUILT = "Only what the target covers was asked for, so nothing was built."


def plan_check(source: str, target: Target, roster: Roster, *, samples: bool = False) -> Plan:
    """The steps to the last place on each route where the target's coverage can be asked.

    A route that needs nobody's coverage, or of which nobody can tell, would be taken before
    those behind it: they are not asked. Neither the converter behind that place nor its worker
    needs to be known: a GPU worker, say, may be started once the answer is there.

    Raises:
        NoRoute: no chain of converters joins the two, or no worker can check such a target.
        UnknownTarget, BareStateDict, InvalidOptions, UnsupportedPrecision, SamplesRequired: as
            with `plan`.
    """
    goal = target_named(target.format).name
    refuse_bare(source, target)
    inspect = inspection(source, target.options, roster)
    edges = (*roster.converters.values(), *roster.known.values())
    found = search(edges, source, target, roster, samples=samples)
    routes = _routes(found, target.options, roster)
    if not routes:
        raise _unchecked(source, target, roster)
    return Plan(
        source=source,
        target=goal,
        purpose="check",
        inspect=inspect,
        routes=tuple(routes),
        declined=declined(found),
    )


def _routes(found: Found, given: Mapping[str, Any], roster: Roster) -> list[Route]:
    routes: list[Route] = []
    for path in found.paths:
        each = _route(path, found, given, roster)
        if each is None:
            break
        if each not in routes:
            routes.append(each)
    return routes


def _route(path: Path, found: Found, given: Mapping[str, Any], roster: Roster) -> Route | None:
    check = check_before(path, given, roster, binding=False)
    if check is None:
        return None
    converts = converts_of(path[: check.before], found.places)
    return Route(converts=converts, check=check, verify=None, unverified=UNBUILT)


def _checked(roster: Roster) -> set[tuple[str, str]]:
    return {
        (each.source, each.target) for member in roster.members for each in member.offer.checkers
    }


def _unchecked(source: str, target: Target, roster: Roster) -> NoRoute:
    """Says what can be asked of this source: a target that others are checked for may not be."""
    named = sorted({each for _, each in _checked(roster)})
    known = ", ".join(each for each in named if _tells(source, each, target, roster)) or "none"
    return NoRoute(
        f"No worker can say of {source} what {target_named(target.format).name} covers. Targets"
        f" that can be checked from there: {known}. Any other is found out by converting.",
        field="targets.format",
    )


def _tells(source: str, goal: str, target: Target, roster: Roster) -> bool:
    """Whether the first route from the source to the goal has a place to ask at."""
    other = Target(format=goal, options=only((TEMPLATE, MAPPING), target.options))
    edges = (*roster.converters.values(), *roster.known.values())
    try:
        found = search(edges, source, other, roster, samples=False)
    except FerryError:  # no road, or none that hears the template: it cannot be asked either
        return False
    return bool(_routes(found, other.options, roster))
