"""Rules: a mapping file as it is followed, with its patterns read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

from typing_extensions import override

from shared.domain.errors import InvalidMapping
from workers.transplant.changes import (
    Change,
    Expand,
    Permute,
    Refold,
    Reorder,
    Squeeze,
    Take,
)
from workers.transplant.choices import Unreadable
from workers.transplant.patterns import Group, Insert, Pattern, Tables, pattern
from workers.transplant.written import Written, WrittenLike, WrittenQuestion, WrittenRule
from workers.weights.variables import Framework

MANY: Final = 1 << 16  # parts that one value may be made of


@dataclass(frozen=True, slots=True)
class Joined:
    """One after the other along an axis."""

    axis: int
    of: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Added:
    """All of them added."""

    of: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Subtracted:
    """The first, less the others."""

    of: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """Zeros, or ones; of the shape of a variable of the source, or of the template's where none
    is given."""

    shape: tuple[int, ...] | Pattern | None
    ones: bool


@dataclass(frozen=True, slots=True)
class Value:
    """What is read, and the changes made to it, in order."""

    origin: "Pattern | Joined | Added | Subtracted | Constant | Value"
    changes: tuple[Change, ...] = ()

    def patterns(self) -> Iterator[Pattern]:
        """Those of all that it reads; the first of them has the groups."""
        match self.origin:
            case Pattern():
                yield self.origin
            case Joined(of=of) | Added(of=of) | Subtracted(of=of):
                for each in of:
                    yield from each.patterns()
            case Value():
                yield from self.origin.patterns()
            case Constant(shape=Pattern() as like):
                yield like
            case Constant():
                return

    def parts(self) -> int:
        """How many parts it is made of: gates that are reordered again and again multiply."""
        match self.origin:
            case Joined(of=of) | Added(of=of) | Subtracted(of=of):
                whole = sum(each.parts() for each in of)
            case Value():
                whole = self.origin.parts()
            case _:
                whole = 1
        orders = (len(each.order) for each in self.changes if isinstance(each, Reorder))
        return whole * prod(orders)


@dataclass(frozen=True, slots=True)
class Parted:
    """The value falls into equal parts, one for each target; `changes` are made to each."""

    axis: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands in its file, both counted from 1; no line where it was derived."""

    number: int
    line: int | None

    @override
    def __str__(self) -> str:
        return f"rule {self.number}" + (f" (line {self.line})" if self.line else "")


@dataclass(frozen=True, slots=True)
class Carry:
    """A value becomes the first of the targets that there is, and all that are `also` there.

    Where it is `parted` each target has a part. `optional`: the template may lack the targets.
    """

    place: Place
    value: Value
    targets: tuple[Pattern, ...]
    also: tuple[Pattern, ...] = ()
    parted: Parted | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Variables of the source that are left out. `meant`: on purpose.

    `zeros`: they say nothing, and it is an error if they do.
    """

    place: Place
    sources: tuple[Pattern, ...]
    why: str
    meant: bool = True
    zeros: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Variables of the target that stay as the template has them. `meant`: on purpose."""

    place: Place
    targets: tuple[Pattern, ...]
    why: str
    meant: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """To be decided by who reads the file."""

    place: Place
    question: WrittenQuestion
    why: str


Rule = Carry | Skip | Keep | Ask


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A whole file. `match_rest`: what no rule takes is matched automatically."""

    origin: Framework
    to: Framework
    about: str
    source_prefixes: tuple[str, ...]
    target_prefixes: tuple[str, ...]
    tables: Tables
    match_rest: bool
    rules: tuple[Rule, ...]
    notes: tuple[str, ...] = ()
    family: str | None = None


def rule_of(
    written: WrittenRule, number: int, line: int | None, tables: Mapping[str, Mapping[str, str]]
) -> Rule:
    """The rule as it is followed.

    Raises:
        InvalidMapping: a pattern cannot be read, or takes from a group that is not there.
    """
    place = Place(number, line)
    try:
        rule = _rule(written, place)
        if isinstance(rule, Carry):
            _check(rule, tables)
    except Unreadable as fault:
        raise InvalidMapping(f"{place}: {fault}") from fault
    return rule


def _rule(written: WrittenRule, place: Place) -> Rule:
    if written.skip is not None:
        why = written.why or "the mapping leaves it out"
        zeros = written.only is not None
        return Skip(place, _several(written.skip), why, written.meant, zeros)
    if written.keep is not None:
        why = written.why or "the mapping keeps the template's value"
        return Keep(place, _several(written.keep), why, written.meant)
    if written.ask is not None:
        return Ask(place, written.ask, written.why or "the mapping leaves it open")
    if written.split is None:
        targets, also = _several(written.target or ()), _several(written.also or ())
        return Carry(place, _value(written), targets, also, optional=written.optional)
    at = written.order.index("split")
    before, after = written.order[:at], written.order[at + 1 :]
    return Carry(
        place,
        Value(_origin(written), _changes(written, before)),
        _several(written.split.into),
        parted=Parted(written.split.axis, _changes(written, after)),
        optional=written.optional,
    )


def _several(texts: str | tuple[str, ...]) -> tuple[Pattern, ...]:
    return tuple(pattern(each) for each in ([texts] if isinstance(texts, str) else texts))


def _value(written: "str | Written") -> Value:
    if isinstance(written, str):
        return Value(pattern(written))
    return Value(_origin(written), _changes(written, written.order))


def _origin(written: Written) -> "Pattern | Joined | Added | Subtracted | Constant | Value":
    if written.source is not None:
        source = written.source
        return pattern(source) if isinstance(source, str) else _value(source)
    if written.join is not None:
        return Joined(written.join.axis, tuple(_value(each) for each in written.join.of))
    if written.sum is not None:
        return Added(tuple(_value(each) for each in written.sum))
    if written.difference is not None:
        return Subtracted(tuple(_value(each) for each in written.difference))
    if isinstance(written.zeros, WrittenLike):
        return Constant(pattern(written.zeros.like), ones=False)
    shape = written.ones if written.zeros is None else written.zeros
    return Constant(None if isinstance(shape, str) else shape, written.zeros is None)


def _changes(written: Written, order: tuple[str, ...]) -> tuple[Change, ...]:
    return tuple(_change(written, each) for each in order)


def _change(written: Written, key: str) -> Change:
    value = getattr(written, key)
    match key:
        case "transpose":
            return Permute(value)
        case "reshape":
            return Refold(value)
        case "squeeze":
            return Squeeze(value)
        case "expand":
            return Expand(value)
        case "part":
            return Take(value.axis, value.index, value.count)
        case _:
            return Reorder(value.axis, value.order)


def _check(rule: Carry, tables: Mapping[str, Mapping[str, str]]) -> None:
    """Groups stand in the first pattern alone, and the others take from them."""
    sources = list(rule.value.patterns())
    parts = rule.value.parts()
    if parts > MANY:
        raise Unreadable(f"one value is made of {parts:,} parts, and may be of {MANY:,}")
    first, *others = (*sources, *rule.targets, *rule.also)
    for each in others:
        if each.groups:
            raise Unreadable(
                f"{each.text!r} has a group of its own: groups stand in {first.text!r}, the "
                r"rule's first name, and the others say \1, \2 …; a bracket that is part of the "
                r"name is written \( and \)"
            )
    for each in (first, *others):
        for insert in each.inserts:
            if insert.group > first.groups:
                raise Unreadable(
                    f"{each.text!r} takes from group {insert.group}, and {first.text!r} has "
                    f"{first.groups}"
                )
            if insert.table is not None and insert.table not in tables:
                raise Unreadable(f"{each.text!r}: there is no table {insert.table!r}")
    _check_matched(first)


def _check_matched(first: Pattern) -> None:
    """What is matched may repeat a group that it has caught, and cannot reckon."""
    seen = 0
    for piece in first.pieces:
        seen += isinstance(piece, Group)
        if isinstance(piece, Insert) and (piece.number or piece.table or piece.group > seen):
            raise Unreadable(
                f"{first.text!r} is the rule's first name, which is matched: it has groups, and "
                "may only repeat what one of them caught before"
            )
