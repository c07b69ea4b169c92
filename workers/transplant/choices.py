"""Choices: how many ways a pattern may be tried on a name before it is known not to match."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

LENGTH: Final = 512  # of a name
ATOM: Final = re.compile(
    r"(?P<one>\\[dwDWsS]|\\[^\w\s]|\[\^?(?:\\.|[^\]\\])+\]|[^\\()\[\]{}*+?|^$])"
    r"(?P<often>[*+?]|\{\d{1,3}(?:,\d{0,3})?\})?"
)


class Unreadable(ValueError):
    """The text is no pattern; says why and what to write."""


def choices(pieces: Sequence[tuple[bool, str]]) -> int:
    """An upper bound, by the pieces of a pattern: whether it is a group, and its text.

    A repetition costs nothing where the character that follows cannot be part of it: then it can
    end at one place only. Else it may end anywhere in the name, and such choices multiply.

    Raises:
        Unreadable: a group holds what is not allowed in one.
    """
    followers = [text for _, text in pieces[1:]] + [""]
    groups = [group for group, _ in pieces[1:]] + [False]
    total = 1
    for (group, text), after, grouped in zip(pieces, followers, groups, strict=True):
        if group:
            total *= _in_group(text, None if grouped else after[:1])
    return total


def _in_group(expression: str, after: str | None) -> int:
    alternatives = [_atoms(each) for each in _alternatives(expression)]
    ways = 1
    for atoms in alternatives:
        for (one, often), (following, more) in pairwise([*atoms, ("", "")]):
            ways *= _ends(one, often, _first(following, more, after))
    return ways * (1 if _apart(alternatives) else len(alternatives))


def _alternatives(expression: str) -> list[str]:
    """Split at `|` that stands in no set and is not escaped."""
    found = [""]
    for each in re.findall(r"\\.|\[(?:\\.|[^\]\\])*\]|.", expression, re.DOTALL):
        if each == "|":
            found.append("")
        else:
            found[-1] += each
    return found


def _atoms(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(expression):
        atom = ATOM.match(expression, at)
        if atom is None:
            raise Unreadable(
                f"({expression}) has {expression[at]!r} where it cannot stand: in a group there "
                r"are characters, \d, \w, sets like [^/], alternatives with |, and how often: "
                "* + ? {3}"
            )
        found.append((atom["one"], atom["often"] or ""))
        at = atom.end()
    for one, _ in found:
        try:
            re.compile(one)
        except re.error as fault:
            raise Unreadable(f"({expression}): {fault}") from fault
    return found


def _first(following: str, often: str, after: str | None) -> str | None:
    """The character that must follow; None: it is not known. Empty: the end of the name."""
    if not following:
        return after
    literal = following[1:] if re.fullmatch(r"\\[^\w\s]", following) else following
    known = len(literal) == 1 and literal != "." and not often.startswith(("*", "?", "{"))
    return literal if known else None


def _ends(one: str, often: str, after: str | None) -> int:
    """At how many places a repetition may end."""
    if not often or re.fullmatch(r"\{\d+\}", often):
        return 1
    if after is not None and not (after and re.fullmatch(one, after, re.DOTALL)):
        return 1
    return 2 if often == "?" else LENGTH


def _apart(alternatives: list[list[tuple[str, str]]]) -> bool:
    """Whether at most one of them matches at a place: plain words, none the start of another."""
    plain = all(
        not often and ((len(one) == 1 and one != ".") or re.fullmatch(r"\\[^\w\s]", one))
        for atoms in alternatives
        for one, often in atoms
    )
    words = sorted("".join(one for one, _ in atoms) for atoms in alternatives)
    return plain and not any(later.startswith(word) for word, later in pairwise(words))
