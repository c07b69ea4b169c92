"""Inverting: the mapping file that leads back, where every rule has a way back.

What a rule does to axes and names can be undone without knowing a shape, or the mapping is
refused: nothing is guessed. What is subtracted comes back as zeros: the first of a difference
has all of it, and the layers compute the same. What the source leaves out, the other way keeps,
and the reverse.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workers.transplant.changes import Change, undone
from workers.transplant.patterns import (
    Group,
    Insert,
    Pattern,
    Piece,
    Tables,
    escaped,
    pattern,
)
from workers.transplant.rules import (
    Carry,
    Constant,
    Joined,
    Keep,
    MappingFile,
    Parted,
    Rule,
    Skip,
    Subtracted,
    Value,
)


class OneWay(ValueError):
    """A rule has no way back; says which and why."""


def inverted(mapping: MappingFile) -> MappingFile:
    """The mapping from the other framework to this one.

    Raises:
        OneWay: a rule reshapes, adds, takes a part only, or loses a part of the names.
    """
    tables: dict[str, Mapping[str, str]] = {}
    rules: list[Rule] = []
    for rule in mapping.rules:
        match rule:
            case Skip(place, sources, zeros=True):
                zeros = Value(Constant(None, ones=False))
                rules += [Carry(place, zeros, (each,), optional=True) for each in sources]
            case Skip(place, sources, why, meant):
                rules.append(Keep(place, sources, why, meant))
            case Keep(place, targets, why, meant):
                rules.append(Skip(place, targets, why, meant))
            case Carry():
                rules += _carried(rule, mapping.tables, tables)
            case _:
                raise OneWay(f"{rule.place} asks, and only its answer could be turned round")
    return MappingFile(
        origin=mapping.to,
        to=mapping.origin,
        about=mapping.about,
        source_prefixes=mapping.target_prefixes,
        target_prefixes=mapping.source_prefixes,
        tables=tables,
        match_rest=mapping.match_rest,
        rules=tuple(rules),
        notes=mapping.notes,
        family=mapping.family,
    )


def _carried(rule: Carry, tables: Tables, back: dict[str, Mapping[str, str]]) -> Iterator[Rule]:
    if isinstance(rule.value.origin, Subtracted):
        yield from _whole(rule, rule.value.origin, tables, back)
        return
    sources, changes, joined = _flat(rule)
    if rule.parted is not None:
        turn = _Turn(rule, sources[0], rule.targets[0], tables, back)
        undone_parts = _undone(rule, rule.parted.changes)
        parts = tuple(Value(turn.other(each), undone_parts) for each in rule.targets)
        value = Value(Joined(rule.parted.axis, parts), _undone(rule, changes))
        made = tuple(turn.template(each) for each in sources)
        yield Carry(rule.place, value, made, optional=rule.optional)
        return
    parted = Parted(joined[0], _undone(rule, joined[1])) if joined is not None else None
    for target in rule.targets:
        turn = _Turn(rule, sources[0], target, tables, back)
        made = tuple(turn.template(each) for each in sources)
        value = Value(turn.other(target), _undone(rule, changes))
        yield Carry(rule.place, value, made, parted=parted, optional=rule.optional)
    if rule.also:
        alike = tuple(
            _Turn(rule, sources[0], each, tables, back).other(each) for each in rule.also
        )
        yield Skip(rule.place, alike, f"the same as {rule.targets[0].text}")


def _whole(
    rule: Carry, value: Subtracted, tables: Tables, back: dict[str, Mapping[str, str]]
) -> Iterator[Rule]:
    """Zeros for what was subtracted, told before the rest takes the variable that has it all."""
    names = [each.origin for each in value.of if isinstance(each.origin, Pattern)]
    changed = any(each.changes for each in (rule.value, *value.of))
    if changed or rule.parted or rule.also or len(names) < len(value.of) or len(rule.targets) > 1:
        raise OneWay(f"{rule.place} has no way back: it is more than one variable less others")
    first, *others = names
    turn = _Turn(rule, first, rule.targets[0], tables, back)
    for each in others:
        zeros = Value(Constant(turn.other(rule.targets[0]), ones=False))
        yield Carry(rule.place, zeros, (turn.template(each),), optional=True)
    whole = Value(turn.other(rule.targets[0]))
    yield Carry(rule.place, whole, (turn.template(first),), optional=rule.optional)


def _flat(
    rule: Carry,
) -> tuple[list[Pattern], tuple[Change, ...], tuple[int, tuple[Change, ...]] | None]:
    """The sources, the changes made to the whole, and how they were joined before."""
    value, changes = rule.value, rule.value.changes
    while isinstance(value.origin, Value):
        value = value.origin
        changes = (*value.changes, *changes)
    match value.origin:
        case Pattern():
            return [value.origin], changes, None
        case Joined(axis, of) if rule.parted is None:
            alike = {each.changes for each in of}
            sources = [each.origin for each in of if isinstance(each.origin, Pattern)]
            if len(alike) == 1 and len(sources) == len(of):
                return sources, changes, (axis, of[0].changes)
    raise OneWay(f"{rule.place} has no way back: it is more than one change of one variable")


def _undone(rule: Carry, changes: Sequence[Change]) -> tuple[Change, ...]:
    back = [undone(each) for each in reversed(changes)]
    found = tuple(each for each in back if each is not None)
    if len(found) < len(back):
        raise OneWay(f"{rule.place} has no way back: it reshapes or takes one part only")
    return found


@dataclass
class _Turn:
    """A rule's first name and a target of it, with their parts exchanged."""

    rule: Carry
    source: Pattern
    target: Pattern
    tables: Tables
    back: dict[str, Mapping[str, str]]
    numbers: dict[Insert, int] = field(default_factory=dict)  # of the groups that they become

    def __post_init__(self) -> None:
        for insert in self.target.inserts:
            self.numbers.setdefault(insert, len(self.numbers) + 1)
        groups = [each.group for each in self.numbers]
        if sorted(groups) != list(range(1, self.source.groups + 1)):
            raise OneWay(
                f"{self.rule.place} has no way back: {self.target.text!r} does not tell once "
                f"what each group of {self.source.text!r} has caught"
            )

    def other(self, target: Pattern) -> Pattern:
        """A target as what is matched: first the one with groups, then those that repeat them."""
        seen: set[Insert] = set()
        text = ""
        for piece in target.pieces:
            if not isinstance(piece, Insert):
                text += _text(piece)
            elif target is self.target and piece not in seen:
                seen.add(piece)
                text += f"({self._caught(piece)})"
            elif piece in self.numbers:
                text += f"\\{self.numbers[piece]}"
            else:
                raise OneWay(f"{self.rule.place} has no way back: its targets differ in more")
        return pattern("@" * target.prefixed + text)

    def template(self, source: Pattern) -> Pattern:
        """A source as what is filled in."""
        text, count = "", 0
        for piece in source.pieces:
            if isinstance(piece, Group):
                count += 1
                text += self._filled(count)
            elif isinstance(piece, Insert) and not piece.number and piece.table is None:
                text += self._filled(piece.group)
            elif isinstance(piece, Insert):
                raise OneWay(f"{self.rule.place} has no way back: a source is reckoned")
            else:
                text += _text(piece)
        return pattern("@" * source.prefixed + text)

    def _group(self, number: int) -> Group:
        return [each for each in self.source.pieces if isinstance(each, Group)][number - 1]

    def _rows(self, insert: Insert) -> dict[str, str]:
        wanted = self._group(insert.group).expression
        rows = self.tables[insert.table or ""]
        return {key: row for key, row in rows.items() if re.fullmatch(wanted, key)}

    def _caught(self, insert: Insert) -> str:
        if insert.table is not None:
            return "|".join(re.escape(row) for row in self._rows(insert).values())
        if insert.number:
            return rf"\d{{{insert.width}}}" if insert.width else r"\d+"
        return self._group(insert.group).expression

    def _filled(self, group: int) -> str:
        insert, number = next((k, v) for k, v in self.numbers.items() if k.group == group)
        if insert.table is not None:
            rows = self._rows(insert)
            name = f"{insert.table}_{self.rule.place.number}_{len(self.back)}"
            self.back[name] = {row: key for key, row in rows.items()}
            if len(self.back[name]) < len(rows):
                raise OneWay(
                    f"{self.rule.place} has no way back: two rows of the table {insert.table} "
                    "say the same"
                )
            return f"{{{name}[\\{number}]}}"
        if insert.number:
            width = self._group(group).width
            return f"{{\\{number}{-insert.shift:+d}{f':0{width}' if width else ''}}}"
        return f"\\{number}"


def _text(piece: Piece) -> str:
    return escaped(piece) if isinstance(piece, str) else ""
