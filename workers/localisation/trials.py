"""Trials: one case on which a convert's result differs from what it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.signatures import Signature
from workers.localisation.apart import Apart, apart
from workers.runtime import Arrays, Session
from workers.verification.match import match
from workers.verification.verify import Kept, Side


@dataclass(frozen=True, slots=True)
class Trial:
    """Inputs under the names of the model that was converted, and how far apart the two are."""

    inputs: Arrays
    apart: Apart


def first_apart(kept: Kept, before: Side, after: Side, *, is_source: bool) -> Trial | None:
    """The smallest case on which the two differ; None where they differ on none.

    Args:
        is_source: `before` is the source itself, whose outputs are known.
    """
    signature, cases = _asked(kept, before, is_source=is_source)
    with after.runtime.open(after.path, {}) as session:
        for inputs, outputs in cases:
            told = held(session, signature, inputs, outputs, kept)
            if told is None or told.wrong:
                return Trial(inputs, told or Apart("has other outputs", None))
    return None


def _asked(
    kept: Kept, before: Side, *, is_source: bool
) -> tuple[Signature, Sequence[tuple[Arrays, Arrays]]]:
    """What the model before takes and says to each case, the smallest first."""
    runs = sorted(kept.runs, key=lambda run: run.case.elements)
    if is_source:
        return kept.signature, [(run.case.inputs, run.outputs) for run in runs]
    with before.runtime.open(before.path, {}) as session:
        found = match(kept.signature, session.signature)
        fed = [found.inputs(run.case.inputs, recast=kept.recast) for run in runs]
        return session.signature, [(inputs, session(inputs)) for inputs in fed]


def held(
    session: Session, signature: Signature, inputs: Arrays, outputs: Arrays, kept: Kept
) -> Apart | None:
    """Run a model on one case and hold it against what is known; None: nothing in it matches.

    Args:
        signature: of the model that said `outputs` to these `inputs`.
    """
    found = match(signature, session.signature)
    if found.wrong:
        return None
    try:
        told = session(found.inputs(inputs, recast=kept.recast))
    except Exception as error:  # noqa: BLE001 - whatever a library raises, it refused the case
        return Apart(f"refuses the inputs: {type(error).__name__}", None)
    return apart(outputs, found.outputs(told), kept.tolerances)
