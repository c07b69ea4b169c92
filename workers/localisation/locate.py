"""Locate: the step after which a result disagrees, and the node in it."""

import traceback

from shared.domain.locations import Located
from workers.localisation.budget import Budget
from workers.localisation.inside import inside
from workers.localisation.steps import first_wrong
from workers.localisation.walk import Walk
from workers.verification.verify import Kept, Say


def locate(kept: Kept, walk: Walk, budget: Budget, say: Say) -> Located:
    """Look for the first convert, and within it the first node, whose numbers differ too far.

    Whatever cannot be looked at, because a library refuses it, is left out; `why` says so.
    """
    leap = first_wrong(kept, walk, budget, say)
    at = leap.wrong - 1
    found = Located(
        step=walk.first + at,
        steps=walk.total,
        converter=walk.converts[at].converter,
        error_before=leap.error,
        runs=leap.runs,
    )
    if leap.wrong - leap.right > 1:
        names = " and ".join(each.converter for each in walk.converts[leap.right : at])
        why = f"what {names} wrote cannot be run here, so it may be there, too"
        return found.model_copy(update={"why": why})
    try:
        return inside(found, kept, walk, at, budget=budget, say=say)
    except Exception as error:  # noqa: BLE001 - the step is known, whatever a library says to its nodes
        traceback.print_exc()
        why = f"it cannot be looked into ({type(error).__name__})"
        return found.model_copy(update={"why": why})
