"""Folding: moves that differ in the numbers of their names only, told by one pattern."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workers.transplant.expressions import Read, names
from workers.transplant.moves import Move
from workers.transplant.patterns import LONGEST, Pattern, escaped, pattern
from workers.transplant.simplifying import substituted

FEWEST: Final = 2  # moves that are worth a pattern
GROUPS: Final = 9  # in a pattern
FURTHEST: Final = 9999  # that a number is moved
WIDEST: Final = 9  # digits of a number
NUMBER: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Fold:
    """Moves that one rule tells. `texts` are its patterns by the names of the first move."""

    moves: tuple[Move, ...]
    texts: Mapping[str, str]
    target: str


def folds(moves: Sequence[Move], others: Iterable[str]) -> list[Fold]:
    """All of the moves, in the order of the first of each fold.

    `others` are the names of the source's variables that no move reads: no pattern may catch
    one of them.
    """
    reads = Counter(name for each in moves for name in set(names(each.value)))
    every = [*reads, *others]
    alike: dict[object, list[Move]] = defaultdict(list)
    for index, move in enumerate(moves):
        read = list(names(move.value))
        short = all(len(name) <= LONGEST for name in (*read, move.target))
        alone = read and short and all(reads[name] == 1 for name in read)
        alike[_skeleton(move) if alone else index].append(move)
    found = []
    for group in alike.values():
        fold = _folded(group, every) if len(group) >= FEWEST else None
        found += [fold] if fold is not None else [_single(each) for each in group]
    order = {move.target: index for index, move in enumerate(moves)}
    return sorted(found, key=lambda each: order[each.moves[0].target])


def _single(move: Move) -> Fold:
    texts = {name: escaped(name) for name in names(move.value)}
    return Fold((move,), texts, escaped(move.target))


def _skeleton(move: Move) -> object:
    alike = {name: Read(NUMBER.sub("0", name)) for name in names(move.value)}
    return NUMBER.sub("0", move.target), substituted(move.value, alike)


def _folded(moves: list[Move], every: Iterable[str]) -> Fold | None:
    """One pattern for all of them; None where their numbers do not follow one another."""
    columns = [list(dict.fromkeys(names(each.value))) for each in moves]
    if len({len(each) for each in columns}) != 1:
        return None
    first = [_numbers(each[0]) for each in columns]
    varying = [at for at in range(len(first[0])) if len({each[at] for each in first}) > 1]
    if not varying or len(varying) > GROUPS or len({tuple(each) for each in first}) < len(moves):
        return None
    leading = _leading(columns[0][0], varying)
    texts = {columns[0][0]: leading}
    caught = [[each[at] for at in varying] for each in first]
    for column in range(1, len(columns[0])):
        told = _told([each[column] for each in columns], caught)
        if told is None:
            return None
        texts[columns[0][column]] = told
    target = _told([each.target for each in moves], caught)
    if target is None or not _only(pattern(leading), {each[0] for each in columns}, every):
        return None
    return Fold(tuple(moves), texts, target)


def _leading(name: str, varying: Sequence[int]) -> str:
    """The name with a group for each of its numbers that vary."""
    parts = [escaped(each) for each in NUMBER.split(name)]
    for at in varying:
        parts[2 * at + 1] = r"(\d+)"
    return "".join(parts)


def _told(texts: list[str], caught: list[list[str]]) -> str | None:
    """The names as a pattern filled with what was caught; None where it cannot be reckoned."""
    columns = [_numbers(each) for each in texts]
    parts = [escaped(each) for each in NUMBER.split(texts[0])]
    for at in range(len(columns[0])):
        values = [each[at] for each in columns]
        if len(set(values)) > 1:
            insert = next(
                filter(
                    None,
                    (
                        _insert(values, [row[group] for row in caught], group + 1)
                        for group in range(len(caught[0]))
                    ),
                ),
                None,
            )
            if insert is None:
                return None
            parts[2 * at + 1] = insert
    return "".join(parts)


def _insert(values: list[str], caught: list[str], group: int) -> str | None:
    if values == caught:
        return f"\\{group}"
    shift = int(values[0]) - int(caught[0])
    widths = {len(each) for each in values}
    width = widths.pop() if len(widths) == 1 else 1
    moved = [f"{int(each) + shift:0{width}d}" for each in caught]
    if moved != values or abs(shift) > FURTHEST or width > WIDEST:
        return None
    padded = f":0{width}" if any(each != str(int(each)) for each in values) else ""
    return f"{{\\{group}{f'{shift:+d}' if shift else '+0'}{padded}}}"


def _numbers(name: str) -> list[str]:
    return NUMBER.findall(name)


def _only(leading: Pattern, wanted: set[str], every: Iterable[str]) -> bool:
    return {name for name in every if leading.captured(name) is not None} == wanted
