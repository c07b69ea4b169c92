"""Order: where each unit stands among those that it could be confused with, and who says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workers.transplant.names import automatic, components, skeleton
from workers.transplant.units import Unit

ORDERED, NUMBERED, SORTED = 1.0, 0.8, 0.1
"""How far a rank is to be trusted: the model's own order, numbers in names that are otherwise
the same, and names that were merely sorted."""


@dataclass(frozen=True, slots=True)
class Order:
    """Ranks by position in the group, and how far they are to be trusted."""

    ranks: Mapping[int, int]
    trust: float


class Line(StrEnum):
    """What a side's order is: that of names in a file, that in which a model was written, or
    that in which it runs its layers."""

    FILE = "file"
    MODEL = "model"
    RUN = "run"


def order(units: Sequence[Unit], members: Sequence[int], line: Line) -> Order:
    """The order of some units of a side. That of a run is bettered by no number in a name."""
    counted = line is not Line.RUN
    numbers = _automatic_numbers([units[each] for each in members]) if counted else None
    if numbers is not None:
        ranked = sorted(range(len(members)), key=lambda each: numbers[each])
        return Order({members[each]: rank for rank, each in enumerate(ranked)}, ORDERED)
    ranked = sorted(members, key=lambda each: units[each].place)
    trust = _trust([units[each] for each in members]) if line is Line.FILE else ORDERED
    return Order({each: rank for rank, each in enumerate(ranked)}, trust)


def _trust(units: Sequence[Unit]) -> float:
    skeletons = {(skeleton(each.scope)[0], each.part) for each in units}
    if len(skeletons) == 1 or all("layer_with_weights-" in each.scope for each in units):
        return NUMBERED
    return SORTED


def _automatic_numbers(units: Sequence[Unit]) -> list[int] | None:
    """The numbers that Keras gave to layers of one class, which count them as they were made.

    A model with branches lists its layers by depth; PyTorch lists modules as they were made.
    """
    found: list[int] = []
    words: set[object] = set()
    for unit in units:
        if not unit.scope:
            return None
        *around, last = components(unit.scope)
        given = automatic(last)
        if given is None:
            return None
        words.add((*around, given[0]))
        found.append(given[1])
    return found if len(words) == 1 and len(set(found)) == len(found) else None
