"""Patterns: the names in a mapping file, with groups that capture a part of them.

Outside of parentheses every character stands for itself, a dot too; `\\1` is what the first group
caught. `{\\1+1}`, `{\\1-1:03}` and `{table[\\1]}` reckon with it: a number moved, a number of a
width, a row of a table. `@` at the beginning stands for one of the file's prefixes.

Inside of parentheses is a regular expression without further parentheses. Python's engine tries
the choices of a pattern one by one and cannot be stopped, so a pattern whose choices multiply to
more than `CHOICES` is refused when it is read: with one that is not, a name of 100 characters
costs milliseconds at most, and the longest a second.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from workers.transplant.choices import Unreadable, choices

Tables = Mapping[str, Mapping[str, str]]

CHOICES: Final = 300_000  # two parts of a name that may end anywhere
LONGEST: Final = 512  # characters of a name; longer ones match nothing

TOKEN: Final = re.compile(
    r"""\\(?P<back>[1-9])
      | \\(?P<escaped>[^\w\s])
      | \{(?:(?P<table>\w+)\[\\(?P<row>[1-9])\]
          |\\(?P<number>[1-9])(?P<shift>[+-]\d{1,4})?(?::0(?P<width>[1-9]))?)\}
      | \((?P<group>(?:\\.|\[(?:\\.|[^\]\\])*\]|[^()\\\[])*)\)
      | (?P<literal>[^\\(){}\[\]*+?|^$])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Group:
    """A part that is captured. `width`: how many digits, where it says `\\d{3}`."""

    expression: str

    @property
    def width(self) -> int | None:
        """How many digits it catches, where that is fixed."""
        fixed = re.fullmatch(r"\\d\{([1-9])\}", self.expression)
        return int(fixed[1]) if fixed else None


@dataclass(frozen=True, slots=True)
class Insert:
    """What a group caught, reckoned with. `group` counts from 1."""

    group: int
    shift: int = 0
    width: int | None = None
    number: bool = False
    table: str | None = None


Piece = str | Group | Insert


@dataclass(frozen=True)
class Pattern:
    """A name with groups, or one that is filled in with what another's groups caught."""

    text: str
    prefixed: bool
    pieces: tuple[Piece, ...]

    @property
    def groups(self) -> int:
        """How many parts it captures."""
        return sum(isinstance(each, Group) for each in self.pieces)

    @property
    def inserts(self) -> tuple[Insert, ...]:
        """What it takes from another's groups."""
        return tuple(each for each in self.pieces if isinstance(each, Insert))

    @property
    def literal(self) -> bool:
        """Whether it is one name."""
        return not self.prefixed and not self.groups and not self.inserts

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile("".join(_expression(each) for each in self.pieces))

    def captured(self, name: str) -> tuple[str, ...] | None:
        """What its groups catch of a name that is free of prefixes; None: it does not match."""
        if len(name) > LONGEST:
            return None
        found = self._compiled.fullmatch(name)
        return found.groups() if found else None

    def filled(self, captures: Sequence[str], tables: Tables) -> str:
        """The name, for what the groups of another pattern caught.

        Raises:
            Unreadable: a capture is no number, or no row of the table.
        """
        return "".join(
            _inserted(each, captures, tables) if isinstance(each, Insert) else str(each)
            for each in self.pieces
        )


def pattern(text: str) -> Pattern:
    """Read one.

    Raises:
        Unreadable: it is no pattern.
    """
    prefixed = text.startswith("@")
    pieces = tuple(_merged(_pieces(text[prefixed:])))
    found = Pattern(text, prefixed, pieces)
    if not pieces:
        raise Unreadable("a name has one character at least")
    if choices([_counted(each) for each in pieces]) > CHOICES:
        raise Unreadable(
            f"{text!r} could take very long to match: too many of its groups may end anywhere. "
            "Let a group end where a character follows that it cannot catch, as in ([^/]+)/ "
            "instead of (.+)/"
        )
    return found


def escaped(name: str) -> str:
    """The pattern that is one name, character by character."""
    text = re.sub(r"[\\(){}\[\]*+?|^$]", r"\\\g<0>", name)
    return f"\\{text}" if text.startswith("@") else text


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None:
            raise Unreadable(_why_not(text, at))
        yield _piece(token)
        at = token.end()


def _piece(token: re.Match[str]) -> Piece:
    if token["back"]:
        return Insert(int(token["back"]))
    if token["table"]:
        return Insert(int(token["row"]), table=token["table"])
    if token["number"]:
        width = int(token["width"]) if token["width"] else None
        return Insert(int(token["number"]), int(token["shift"] or 0), width, number=True)
    if token["group"] is not None:
        return Group(token["group"])
    return token["escaped"] or token["literal"]


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    text = ""
    for each in pieces:
        if isinstance(each, str):
            text += each
            continue
        if text:
            yield text
        text = ""
        yield each
    if text:
        yield text


def _why_not(text: str, at: int) -> str:
    hints = {
        "(": "a group is ( … ) with no further parentheses in it",
        "{": r"in braces stands {\1}, {\1+1}, {\1-1:03} or {table[\1]}",
        "\\": r"a backslash stands before a group's number, or a sign to take as it is",
    }
    other = f"put it into a group, ( … ), or write \\{text[at]} for the character itself"
    return f"{text!r} cannot be read from character {at + 1} on: {hints.get(text[at], other)}"


def _expression(piece: Piece) -> str:
    match piece:
        case Group(expression):
            return f"({expression})"
        case Insert(group=group):
            return f"\\{group}"
        case _:
            return re.escape(piece)


def _counted(piece: Piece) -> tuple[bool, str]:
    match piece:
        case Group(expression):
            return True, expression
        case Insert():
            return True, ""
        case _:
            return False, piece


def _inserted(insert: Insert, captures: Sequence[str], tables: Tables) -> str:
    caught = captures[insert.group - 1]
    if insert.table is not None:
        rows = tables[insert.table]
        if caught not in rows:
            raise Unreadable(f"the table {insert.table} has no row {caught!r}")
        return rows[caught]
    if not insert.number:
        return caught
    if not (caught.isascii() and caught.isdigit()):
        raise Unreadable(f"group {insert.group} caught {caught!r}, which is no number")
    number = int(caught) + insert.shift
    if number < 0:
        raise Unreadable(f"group {insert.group} caught {caught!r}: moved, it is below zero")
    return f"{number:0{insert.width or 1}d}"
