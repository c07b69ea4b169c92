"""Building: the expressions that a rule makes of the variables that its first name matched."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import assert_never

from workers.transplant.changes import changed
from workers.transplant.choices import Unreadable
from workers.transplant.expressions import (
    Difference,
    Expression,
    Join,
    Ones,
    Part,
    Read,
    Shape,
    Sum,
    Unfit,
    Zeros,
    names,
    shape_of,
)
from workers.transplant.patterns import Pattern
from workers.transplant.rules import (
    Added,
    Carry,
    Constant,
    Joined,
    MappingFile,
    Parted,
    Subtracted,
    Value,
)


@dataclass(frozen=True, slots=True)
class Match:
    """What the groups of a rule's first name caught in `name`, and what its `@` stands for."""

    name: str
    captures: tuple[str, ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class Built:
    """A target's variable, and what becomes of it."""

    target: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Sides:
    """The shapes of both sides' variables by name; no `targets` without a template."""

    sources: Mapping[str, Shape]
    targets: Mapping[str, Shape] | None


def built(rule: Carry, match: Match, mapping: MappingFile, sides: Sides) -> list[Built] | str:
    """What the rule makes of a match; or why nothing: the template lacks it.

    Raises:
        Unreadable: a variable of the source that the rule names is not there, or a number cannot
            be reckoned.
        Unfit: a change does not go with the shapes, or the template's shape is another.
    """
    found = [_target(each, match, mapping, sides) for each in rule.targets]
    if rule.parted is None:
        found = [next((each for each in found if each), None)]
    if not any(found) or (None in found and not rule.optional):
        asked = next(_names(rule.targets[0], match, mapping.target_prefixes, mapping))
        return unknown(asked, sides.targets or (), "template")
    like = next((sides.targets[each] for each in found if each and sides.targets), None)
    whole = _value(rule.value, match, mapping, sides.sources, like)
    made = []
    for index, target in enumerate(found):
        value = whole
        if rule.parted is not None:
            value = _part(rule.parted, whole, index, len(found), sides.sources)
        if target is not None:
            _check_shape(target, value, sides)
            made.append(Built(target, value))
    return made


def copies(rule: Carry, match: Match, mapping: MappingFile, sides: Sides) -> list[str]:
    """The variables of the template that get the value, too."""
    if sides.targets is None:
        return []
    found = [_target(each, match, mapping, sides) for each in rule.also]
    return [each for each in found if each is not None]


def first_match(pattern: Pattern, name: str, prefixes: Iterable[str]) -> Match | None:
    """Whether a pattern matches a name, its `@` standing for one of the prefixes."""
    for prefix in prefixes if pattern.prefixed else ("",):
        if name.startswith(prefix):
            captures = pattern.captured(name[len(prefix) :])
            if captures is not None:
                return Match(name, captures, prefix)
    return None


def unknown(name: str, known: Iterable[str], side: str) -> str:
    """That there is no such variable, and which come near."""
    near = get_close_matches(name[:200], [each[:200] for each in known], n=2, cutoff=0.6)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return f"the {side} has no variable {name!r}{hint}"


def made_of(value: Expression, shapes: Mapping[str, Shape]) -> str:
    """The variables that a value reads, with their shapes, for a message."""
    read = list(dict.fromkeys(names(value)))
    return ", ".join(f"{each!r} {list(shapes[each])}" for each in read) or "nothing"


def _target(pattern: Pattern, match: Match, mapping: MappingFile, sides: Sides) -> str | None:
    candidates = _names(pattern, match, mapping.target_prefixes, mapping)
    if sides.targets is None:
        return next(candidates)
    return next((each for each in candidates if each in sides.targets), None)


def _value(
    value: Value,
    match: Match,
    mapping: MappingFile,
    shapes: Mapping[str, Shape],
    like: Shape | None,
) -> Expression:
    match value.origin:
        case Pattern():
            found: Expression = Read(_source(value.origin, match, mapping, shapes))
        case Value():
            found = _value(value.origin, match, mapping, shapes, like)
        case Joined(axis, of):
            found = Join(tuple(_value(each, match, mapping, shapes, None) for each in of), axis)
        case Added(of):
            found = Sum(tuple(_value(each, match, mapping, shapes, None) for each in of))
        case Subtracted(of):
            found = Difference(tuple(_value(each, match, mapping, shapes, None) for each in of))
        case Constant(shape, ones):
            if isinstance(shape, Pattern):
                shape = shapes[_source(shape, match, mapping, shapes)]
            shape = like if shape is None else shape
            if shape is None:
                raise Unreadable("a constant of the template's shape needs one, and stands alone")
            found = Ones(shape) if ones else Zeros(shape)
        case _:
            assert_never(value.origin)
    shape_of(found, shapes)
    for change in value.changes:
        found = changed(change, found, shapes)
    return found


def _source(
    pattern: Pattern, match: Match, mapping: MappingFile, shapes: Mapping[str, Shape]
) -> str:
    if pattern.groups:
        return match.name
    prefixes = (match.prefix, *mapping.source_prefixes)
    candidates = list(_names(pattern, match, prefixes, mapping))
    found = next((each for each in candidates if each in shapes), None)
    if found is None:
        raise Unreadable(unknown(candidates[0], shapes, "source"))
    return found


def _names(
    pattern: Pattern, match: Match, prefixes: Iterable[str], mapping: MappingFile
) -> Iterator[str]:
    if pattern.groups:
        yield match.name
        return
    name = pattern.filled(match.captures, mapping.tables)
    for prefix in prefixes if pattern.prefixed else ("",):
        yield prefix + name


def _part(
    parted: Parted, whole: Expression, index: int, count: int, shapes: Mapping[str, Shape]
) -> Expression:
    value: Expression = Part(whole, parted.axis, index, count)
    shape_of(value, shapes)
    for change in parted.changes:
        value = changed(change, value, shapes)
    return value


def _check_shape(target: str, value: Expression, sides: Sides) -> None:
    shape = shape_of(value, sides.sources)
    if sides.targets is not None and sides.targets[target] != shape:
        raise Unfit(
            f"{target!r} is {list(sides.targets[target])} in the template, and the rule makes "
            f"{list(shape)} of {made_of(value, sides.sources)}"
        )
