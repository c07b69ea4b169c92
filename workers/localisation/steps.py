"""Steps: the first convert of a route after which the numbers differ."""

import traceback
from dataclasses import dataclass

from workers.localisation.budget import Budget
from workers.localisation.walk import Walk
from workers.verification.verify import Kept, Say, Side


@dataclass(frozen=True, slots=True)
class Leap:
    """The model `right` agrees with the source, `wrong` does not; `error` is that of `right`.

    Both count the models of a walk. Those between them could not be run.
    """

    right: int
    wrong: int
    error: float
    runs: int


def first_wrong(kept: Kept, walk: Walk, budget: Budget, say: Say) -> Leap:
    """Run each intermediate on the inputs that the source ran on, until one disagrees."""
    last = len(walk.models) - 1
    right, error, runs = 0, 0.0, 0
    for at in range(1, last):
        side = walk.models[at]
        if side is None or not budget.may_go_on():
            continue
        say(f"running what {walk.converts[at - 1].converter} wrote", None)
        runs += 1
        found = _holds(kept, side)
        if found is None:
            continue
        if not found[0]:
            return Leap(right, at, error, runs)
        right, error = at, found[1]
    return Leap(right, last, error, runs)


def _holds(kept: Kept, side: Side) -> tuple[bool, float] | None:
    """Whether it agrees, and its largest relative error; None where it cannot be run here."""
    try:
        verdict = kept.against(side)
    except Exception:  # noqa: BLE001 - whatever a library raises: nothing is known of this one
        traceback.print_exc()
        return None
    return verdict.fault is None, max((each.max_rel for each in verdict.tallies), default=0.0)
