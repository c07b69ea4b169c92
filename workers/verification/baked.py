"""Baked in: what a disagreement looks like whose cause is a decision of the past.

An exporter that traces runs the model once and writes down what ran: of a branch on the data the
side that was taken, and lengths as numbers. Such a result is right wherever the same would have
been decided, and far off elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FAR: Final = 0.05
"""Relative to the largest value of the source's output. Rounding is nearer, another branch is
not."""

MOST: Final = 0.5
"""The part of an output's values that is off at least: what was decided wrongly is wrong nearly
everywhere."""

ADVICE: Final = (
    "Export the model anew in a way that keeps it: torch.jit.script keeps branches,"
    " torch.export with dynamic_shapes keeps lengths and refuses what it cannot keep."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: the shapes of its inputs, and how far the result was off.

    `distance` is the largest relative difference, None where the result refused the case;
    `share` the part of the values of the worst output that is too far off.
    """

    shapes: tuple[tuple[int, ...], ...]
    agreed: bool
    distance: float | None
    share: float = 1.0


def baked_in(outcomes: Sequence[Outcome]) -> str | None:
    """A sentence on the likely cause, where some cases agree and all others are far off."""
    agreed = [each for each in outcomes if each.agreed]
    others = [each for each in outcomes if not each.agreed]
    if not agreed or not others or not all(map(_is_far, others)):
        return None
    places = {each.shapes for each in agreed}
    if all(each.shapes not in places for each in others):
        what = "a length was baked in: it holds at these shapes only"
    elif all(each.distance is not None for each in others):
        what = "a branch was baked in: the data of the other cases would have taken another"
    else:
        return None
    return (
        f"It agrees in {len(agreed)} of {len(outcomes)} cases and is far off in the others, as"
        f" where the model was traced and {what}. {ADVICE}"
    )


def _is_far(outcome: Outcome) -> bool:
    return outcome.distance is None or (outcome.distance > FAR and outcome.share >= MOST)
