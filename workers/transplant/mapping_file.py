"""Mapping files: YAML that says which variable becomes which, and how.

`loaded` reads one, `workers.transplant.applying` follows it. docs/direct.md explains the format.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.domain.errors import InvalidMapping
from workers.transplant.lines import Place, line_of, read
from workers.transplant.rules import MappingFile, rule_of
from workers.transplant.written import WrittenMapping
from workers.weights.variables import Framework

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def loaded(text: str) -> MappingFile:
    """Read one. A mistake is told with its line, and its rule counted from 1.

    Raises:
        InvalidMapping: it is no mapping.
    """
    from pydantic import ValidationError

    data, lines = read(text)
    if not isinstance(data, dict):
        raise InvalidMapping(
            "a mapping file begins with 'mapping: 1', 'from:', 'to:' and 'rules:'; this is "
            f"{'empty' if data is None else 'something else'}"
        )
    try:
        written = WrittenMapping.model_validate(data)
    except ValidationError as fault:
        raise InvalidMapping(_sentence(fault.errors(), lines)) from fault
    tables: Mapping[str, Mapping[str, str]] = written.tables
    rules = tuple(
        rule_of(each, number, line_of(("rules", number - 1), lines), tables)
        for number, each in enumerate(written.rules, 1)
    )
    return MappingFile(
        origin=Framework(written.origin),
        to=Framework(written.to),
        about=written.about,
        source_prefixes=written.prefixes.source or ("",),
        target_prefixes=written.prefixes.target or ("",),
        tables=tables,
        match_rest=written.rest == "match",
        rules=rules,
        notes=written.notes,
        family=written.family,
    )


def _sentence(faults: "list[ErrorDetails]", lines: Mapping[Place, int]) -> str:
    """Of the mistakes the one that lies deepest: the others follow from it in a union."""
    fault = max(faults, key=lambda each: (-_first(each["loc"]), len(_known(each["loc"], lines))))
    place = _known(fault["loc"], lines)
    message = fault["msg"].removeprefix("Value error, ")
    unknown = fault["loc"][-1] if fault["type"] == "extra_forbidden" else None
    if unknown is not None:
        message = f"there is no key {unknown!r} here"
    if fault["type"] == "tuple_type":
        message = "a list is wanted: [1, 0]"
    if fault["type"] == "missing":
        message = f"{fault['loc'][-1]!r} is missing"
    if fault["type"] == "string_type":
        message = "a text is wanted: put it into quotes"
    keys = [each for each in place if isinstance(each, str) and each != "rules"]
    key = f"{keys[-1]}: " if keys and unknown is None else ""
    return f"{_told(place, line_of(place, lines))}: {key}{message}"


def _first(place: Place) -> int:
    return place[1] if len(place) > 1 and place[0] == "rules" and isinstance(place[1], int) else -1


def _known(place: Place, lines: Mapping[Place, int]) -> Place:
    """The part of pydantic's path that leads through the file: it also names union members."""
    known: Place = ()
    for each in place:
        if (*known, each) in lines:
            known = (*known, each)
    return known


def _told(place: Place, line: int | None) -> str:
    rule = _first(place)
    return f"rule {rule + 1} (line {line or 1})" if rule >= 0 else f"line {line or 1}"
