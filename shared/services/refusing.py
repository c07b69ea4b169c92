"""Refusing: what no plan can be made of, and what could be asked for instead, in words."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.errors import (
    FerryError,
    InvalidOptions,
    NoRoute,
    SamplesRequired,
    UnsupportedPrecision,
)
from shared.domain.formats import FORMATS
from shared.domain.offers import ConverterOffer
from shared.domain.routes import Path, needed_of, routes, wishes_of


def refuse_unknown(
    given: Mapping[str, Any],
    edges: Sequence[ConverterOffer],
    source: str,
    goal: str,
) -> None:
    """Refuse a field that no converter on any route takes, and a wish that none grants.

    Raises:
        InvalidOptions: names the field, and what is taken there.
    """
    paths = _every(edges, source, goal, given) or _every(edges, source, goal, {})
    stops = {source, goal} | {edge.target for path in paths for edge in path}
    wishes = _wishes(edges, stops)
    walked = [edge for path in paths for edge in path]
    walked += [edge for edge in edges if edge.asked_by and edge.source in stops]
    taken = {name for edge in walked for name in edge.options.get("properties", {})}
    for name, value in given.items():
        if name in wishes and not _granted(value, wishes[name]):
            raise InvalidOptions(
                f"{name} must be {_choice(wishes[name])}; it was {value!r}.",
                field=f"options.{name}",
            )
        if (paths or source == goal) and name not in wishes.keys() | taken:
            known = ", ".join(sorted(wishes.keys() | taken)) or "none"
            raise InvalidOptions(
                f"No converter from {source} to {goal} has an option {name!r}."
                f" Options there: {known}.",
                field=f"options.{name}",
            )


def no_route(
    edges: Sequence[ConverterOffer], source: str, goal: str, given: Mapping[str, Any]
) -> FerryError:
    """Why there is no route at all: for the two formats, or for what was wished on the way."""
    asked = sorted(wishes_of(edges, given) | needed_of(edges, given))
    if asked and (source == goal or routes(edges, source, goal, {})):
        said = " with ".join(f"{name} {given[name]!r}" for name in asked)
        return InvalidOptions(
            f"No route from {source} to {goal} can honour {said}. Leave it out, or choose"
            " another target.",
            field=f"options.{asked[0]}",
        )
    if source == goal:
        changing = sorted(_wishes(edges, {source}))
        return NoRoute(
            f"The model is {goal} already, and nothing was asked to be done to it."
            f" Options that change it: {', '.join(changing) or 'none'}.",
            field="targets.format",
        )
    reached = sorted(
        name for name in FORMATS if name != source and routes(edges, source, name, {})
    )
    there = (
        f"From {source} one can reach: {', '.join(reached)}."
        if reached
        else f"No known converter starts from {source}."
    )
    return NoRoute(
        f"No chain of converters leads from {source} to {goal}. {there}", field="targets.format"
    )


def unhonoured(declined: Mapping[str, FerryError]) -> FerryError:
    """What each converter would have taken, where there are several."""
    for error in declined.values():
        if isinstance(error, SamplesRequired | UnsupportedPrecision):
            return error
    first, *others = declined.values()
    if not others:
        return first
    told = "; ".join(
        f"{name}: {why.fault.detail.rstrip('.')}" for name, why in sorted(declined.items())
    )
    return InvalidOptions(f"No route can honour this. {told}.", field=first.fault.field)


def _every(
    edges: Sequence[ConverterOffer], source: str, goal: str, given: Mapping[str, Any]
) -> tuple[Path, ...]:
    """All paths: an option may be that of a converter on the last of them."""
    return routes(edges, source, goal, given, most=sys.maxsize)


def _wishes(
    edges: Sequence[ConverterOffer], stops: set[str]
) -> dict[str, list[bool | str | None]]:
    """The wishes that can be had at these stops, and their values."""
    found: dict[str, list[bool | str | None]] = {}
    for edge in edges:
        if edge.asked_by and edge.source in stops:
            found.setdefault(edge.asked_by, []).append(edge.asked_for)
    return found


def _granted(value: Any, values: Sequence[bool | str | None]) -> bool:
    """Whether it is one of them. False asks for nothing, where true would ask for something.

    None among them stands for any: what it may be is said by the edge's own schema.
    """
    if None in values:
        return True
    if isinstance(value, bool):
        return any(isinstance(each, bool) for each in values)
    return isinstance(value, str) and value in values


def _choice(values: Sequence[bool | str | None]) -> str:
    words = sorted({each for each in values if isinstance(each, str)})
    ways = ["true or false"] if any(isinstance(each, bool) for each in values) else []
    if len(words) == 1:
        ways.append(repr(words[0]))
    elif words:
        ways.append("one of " + ", ".join(map(repr, words)))
    return " or ".join(ways)
