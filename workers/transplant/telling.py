"""Telling: why a variable found no place, in words that help to find it one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nsmallest
from math import prod

from workers.transplant.moves import Left
from workers.transplant.names import features, similarity
from workers.transplant.units import Unit

SHOWN = 3  # names in a reason
NEAR = 8  # units that are looked at more closely


def unfilled(unit: Unit, sources: Sequence[Unit], taken: frozenset[int]) -> Iterable[Left]:
    """For each variable of a target's unit that got nothing."""
    why = _why(unit, sources, taken, "source")
    spare = unit.kind == "integers"
    for name in unit.variables:
        if spare:
            yield Left(name, "a constant of the template's own, which stays as it is", meant=True)
        else:
            yield Left(name, why)


def unread(unit: Unit, targets: Sequence[Unit], taken: frozenset[int]) -> Iterable[Left]:
    """For each variable of a source's unit that went nowhere."""
    why = _why(unit, targets, taken, "target")
    for name in unit.variables:
        if unit.spare:
            yield Left(name, "shares its memory with a variable that is mapped", meant=True)
        elif unit.kind == "integers":
            yield Left(name, "a constant that the target has no place for", meant=True)
        else:
            yield Left(name, why)


def _why(unit: Unit, others: Sequence[Unit], taken: frozenset[int], side: str) -> str:
    keys = {each.key for each in unit.readings}
    alike = [each for each in others if keys & {reading.key for reading in each.readings}]
    if alike and all(each.place in taken for each in alike):
        names = ", ".join(_told(each) for each in alike[:SHOWN])
        more = f" and {len(alike) - SHOWN} more" if len(alike) > SHOWN else ""
        return f"every layer of the {side} that it fits has another counterpart: {names}{more}"
    special = _special(unit)
    if special:
        return special
    near = _nearest(unit, [each for each in others if each.place not in taken] or others)
    if near is None:
        return f"the {side} has no variables left"
    shape = " and ".join(str(list(each)) for each in _shapes(near))
    return (
        f"no variable of the {side} has this shape under any layout: "
        f"nearest is {_told(near)} with {shape}"
    )


def _special(unit: Unit) -> str:
    if unit.kind == "gru_reset_before":
        return (
            "a GRU with reset_after=False applies its reset gate before the product: "
            "torch.nn.GRU has no such form"
        )
    if unit.kind == "lstm" and "projection" in unit.readings[0].roles:
        return "an LSTM with a projection (proj_size): Keras has no such layer"
    return ""


def _nearest(unit: Unit, others: Sequence[Unit]) -> Unit | None:
    """Of those of its kind that are about as large, the one whose name is most like its own."""
    own, size = _features(unit), _elements(unit)

    def distance(other: Unit) -> tuple[bool, float]:
        sizes = sorted((size, _elements(other)))
        return other.kind != unit.kind, -sizes[0] / max(sizes[1], 1)

    near = nsmallest(NEAR, others, key=distance)
    same = [each for each in near if each.kind == unit.kind] or near
    return max(same, key=lambda each: similarity(own, _features(each)), default=None)


@lru_cache(maxsize=4096)
def _named(tokens: tuple[str, ...], ranks: tuple[str, ...]) -> Counter[str]:
    return features(tokens, ranks)


def _features(unit: Unit) -> Counter[str]:
    return _named(unit.tokens, unit.ranks)


def _elements(unit: Unit) -> int:
    return sum(prod(each) for each in _shapes(unit))


def _shapes(unit: Unit) -> list[tuple[int, ...]]:
    return [role.shape for role in unit.readings[0].roles.values()]


def _told(unit: Unit) -> str:
    return unit.variables[0]
