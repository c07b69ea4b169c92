"""Looking: into a disagreement, before it is told."""

import traceback

from shared.domain.orders import DisagreedNote
from workers.localisation.budget import Budget
from workers.localisation.locate import locate
from workers.localisation.telling import told
from workers.localisation.walk import Walk
from workers.verification.verify import Kept, Say


def looked_into(
    note: DisagreedNote, kept: Kept, walk: Walk, budget: Budget, say: Say
) -> DisagreedNote:
    """The same note with `located` in its report, and with the node and a sentence in its fault.

    What goes wrong here must not lose the disagreement, which is known: the note then
    says that looking failed, and the log has the reason.
    """
    if not _says_numbers(kept):
        return note
    say("looking for the step that is wrong", 0.9)
    try:
        found = locate(kept, walk, budget, say)
    except Exception as error:  # noqa: BLE001 - libraries raise anything
        traceback.print_exc()
        why = (
            f"Looking for where it goes wrong ended with {type(error).__name__}; the log says how."
        )
        fault = note.fault.model_copy(update={"detail": f"{note.fault.detail} {why}"})
        return note.model_copy(update={"fault": fault})
    fault = note.fault.model_copy(
        update={
            "detail": f"{note.fault.detail} {told(found, kept)}",
            "node": found.node,
            "operator": found.operator,
        }
    )
    report = note.report | {"located": found.model_dump(mode="json")}
    return DisagreedNote(fault=fault, report=report)


def _says_numbers(kept: Kept) -> bool:
    """False where the source itself gives NaN or infinity: nothing that is made of it can pass."""
    import numpy as np

    outputs = (each for run in kept.runs for each in run.outputs.values())
    floats = (each for each in outputs if each.dtype.kind in "fV")
    return all(bool(np.isfinite(each.astype(np.float64)).all()) for each in floats)
