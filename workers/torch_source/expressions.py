"""Expressions: Python text that knows when it needs parentheses."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

OPEN, CLOSE = "\x01", "\x02"
"""Around each number: what differs between two functions that are else the same."""

MARKED: Final = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")


class Level(IntEnum):
    """How tightly an expression binds. Python, "The Python Language Reference", 6.17."""

    TERNARY = 1
    NOT = 2
    COMPARISON = 3
    OR = 4
    XOR = 5
    AND = 6
    SHIFT = 7
    SUM = 8
    PRODUCT = 9
    SIGN = 10
    POWER = 11
    ATOM = 12


@dataclass(frozen=True, slots=True)
class Expr:
    """`cost` counts the operations in it: what a reader has to hold in mind."""

    text: str
    level: Level = Level.ATOM
    cost: float = 0.0

    def at(self, level: Level) -> str:
        """The text, in parentheses where it binds less tightly."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def width(self) -> int:
        return len(unmarked(self.text))


def unmarked(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def name(text: str) -> Expr:
    return Expr(text)


def literal(value: Any) -> Expr:
    """Numbers, strings, dtypes, and tuples of them; numbers are marked.

    Raises:
        TypeError: the value cannot be written down.
    """
    import torch

    if isinstance(value, bool | None | str):
        return Expr(repr(value) if not isinstance(value, str) else quoted(value))
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, complex):
        return Expr(repr(value))
    if isinstance(value, list | tuple):
        return sequence([literal(each) for each in value])
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
        return Expr(str(value))
    if isinstance(value, torch.device):
        return Expr(f"torch.device({quoted(str(value))})")
    raise TypeError(f"{type(value).__name__} {value!r} cannot be written as source")


def _number(value: float) -> Expr:
    if math.isinf(value):
        return Expr('float("inf")' if value > 0 else 'float("-inf")')
    if math.isnan(value):
        return Expr('float("nan")')
    text = f"{OPEN}{value!r}{CLOSE}"
    return Expr(text, Level.SIGN if value < 0 else Level.ATOM)


def quoted(text: str) -> str:
    """A string as a formatter writes it."""
    plain = repr(text)
    if plain.startswith("'") and '"' not in text and "\\" not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def sequence(items: list[Expr]) -> Expr:
    """A tuple."""
    text = ", ".join(each.text for each in items)
    cost = sum(each.cost for each in items)
    return Expr(f"({text},)" if len(items) == 1 else f"({text})", cost=cost)


def listed(items: list[Expr]) -> Expr:
    text = ", ".join(each.text for each in items)
    return Expr(f"[{text}]", cost=sum(each.cost for each in items))


def call(
    function: str, args: Iterable[Expr], kwargs: dict[str, Expr] | None = None, cost: float = 1
) -> Expr:
    """`function(args, key=value)`."""
    given = list(args)
    named = kwargs or {}
    parts = [each.text for each in given] + [f"{key}={value.text}" for key, value in named.items()]
    inner = sum(each.cost for each in (*given, *named.values()))
    return Expr(f"{function}({', '.join(parts)})", cost=cost + inner)


def method(
    receiver: Expr, called: str, args: Iterable[Expr] = (), kwargs: dict[str, Expr] | None = None
) -> Expr:
    """`receiver.called(args)`."""
    made = call(f"{receiver.at(Level.ATOM)}.{called}", args, kwargs)
    return Expr(made.text, cost=made.cost + receiver.cost)


def subscript(receiver: Expr, index: str, cost: float = 0.0) -> Expr:
    return Expr(f"{receiver.at(Level.ATOM)}[{index}]", cost=receiver.cost + cost)


def binary(left: Expr, sign: str, right: Expr, level: Level) -> Expr:
    """Left-associative; comparisons are never chained."""
    low = Level(level + 1) if level is Level.COMPARISON else level
    text = f"{left.at(low)} {sign} {right.at(Level(level + 1))}"
    return Expr(text, level, left.cost + right.cost + 1)


def unary(sign: str, operand: Expr, level: Level = Level.SIGN) -> Expr:
    return Expr(f"{sign}{operand.at(level)}", level, operand.cost)
