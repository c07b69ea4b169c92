"""Rows: what a picture of a mapping shows of one side, in boxes of one layer each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Told = Mapping[str, Any]

MOST: Final = 90  # variables of a side that have a row each; more of them are drawn by parts
PARTS: Final = 40


class State(StrEnum):
    """What became of a variable, or the worst that became of those in a row."""

    MAPPED = "mapped"
    LEFT = "left"  # on purpose
    ASKED = "asked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Row:
    """One variable with its shape, or a part of the model with the number of them."""

    names: tuple[str, ...]
    label: str
    note: str
    state: State


@dataclass(frozen=True, slots=True)
class Box:
    """The rows of one layer."""

    title: str
    rows: tuple[Row, ...]


def boxes(side: Iterable[Told], asked: frozenset[str]) -> tuple[Box, ...]:
    """One side of a report, in its order, each layer where its first variable stands."""
    every = list(side)
    if len(every) <= MOST:
        scopes = _grouped(every, lambda name: _split(name)[0])
        return tuple(
            Box(scope, tuple(_single(each, asked) for each in told))
            for scope, told in scopes.items()
        )
    depth = max(len(_parts(each["name"])) for each in every)
    while depth > 1 and len(_at(every, depth)) > PARTS:
        depth -= 1
    groups = list(_at(every, depth).items())
    rows = [_several(scope, told, asked) for scope, told in groups[:PARTS]]
    if len(groups) > PARTS:
        others = [each for _, told in groups[PARTS:] for each in told]
        rows.append(_several(f"and {len(groups) - PARTS} more", others, asked))
    return (Box("", tuple(rows)),)


def _at(every: Sequence[Told], depth: int) -> dict[str, list[Told]]:
    return _grouped(every, lambda name: _above(name, depth))


def _above(name: str, depth: int) -> str:
    parts = _parts(name)
    separator = "/" if "/" in name else "."
    return separator.join(parts[: max(1, min(depth, len(parts) - 1))])


def _grouped(every: Sequence[Told], key: Any) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = {}
    for each in every:
        found.setdefault(key(each["name"]), []).append(each)
    return found


def _parts(name: str) -> list[str]:
    return name.split("/" if "/" in name else ".")


def _split(name: str) -> tuple[str, str]:
    scope, _, leaf = name.rpartition("/" if "/" in name else ".")
    return scope, leaf


def _single(told: Told, asked: frozenset[str]) -> Row:
    shape = " x ".join(str(each) for each in told["shape"]) or "one number"
    return Row((told["name"],), _split(told["name"])[1], shape, _state(told, asked))


def _several(scope: str, told: Sequence[Told], asked: frozenset[str]) -> Row:
    states = [_state(each, asked) for each in told]
    worst = max(states, key=list(State).index)
    if worst is State.LEFT and State.MAPPED in states:
        worst = State.MAPPED
    few = "1 variable" if len(told) == 1 else f"{len(told)} variables"
    return Row(tuple(each["name"] for each in told), scope, few, worst)


def _state(told: Told, asked: frozenset[str]) -> State:
    if told.get("from") is not None or told.get("to"):
        return State.MAPPED
    if told["name"] in asked:
        return State.ASKED
    return State.LEFT if told.get("meant") else State.OPEN
