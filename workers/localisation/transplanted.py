"""Transplanted: weights in a template, and the layer of it that computes something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Final

from shared.domain.formats import FORMATS
from shared.domain.locations import Located
from shared.domain.plans import Convert
from workers.localisation.hearing import HEARD, Listener
from workers.localisation.trials import Trial
from workers.runtime import Arrays
from workers.transplant.agreement import TOLERANCE, causes, first_parting
from workers.transplant.calls import Run
from workers.transplant.deciding import into_template
from workers.transplant.layers import counterparts, held
from workers.verification.match import match
from workers.verification.verify import Side
from workers.weights.opening import open_weights
from workers.weights.variables import Weights

NOTHING_APART: Final = "no layer's outputs could be compared"
ALIKE: Final = "on no case do the two models differ by more than the tolerance"


@dataclass(frozen=True, slots=True)
class Carried:
    """A transplant, the model whose weights it took, and the template with them in it."""

    convert: Convert
    before: Side
    after: Side


def in_transplant(found: Located, carried: Carried, trial: Trial | None, folder: Path) -> Located:
    """The same location, with the first layer that differs on the case; else with the reason.

    Both models run once, and each layer's output is held against that of its counterpart, as it
    is done for live models.

    Raises:
        FerryError, or whatever a library raises: one of the models cannot be looked into.
    """
    kinds = carried.convert.source, carried.convert.target
    deaf = next((each for each in kinds if each not in HEARD), None)
    if deaf:
        why = f"the layers of a {FORMATS[deaf].title} cannot be listened to"
        return found.model_copy(update={"why": why})
    if trial is None:
        return found.model_copy(update={"why": ALIKE})
    with (
        open_weights(carried.before.path, kinds[0]) as source,
        open_weights(carried.after.path, kinds[1]) as target,
    ):
        mapping = carried.convert.options.get("mapping")
        transfer = into_template(source, target, mapping)
        pairs = counterparts(transfer, source, target)
        ends = _scopes(source, [path for each in pairs for path in each.source])
        others = _scopes(target, [path for each in pairs for path in each.target])
        one = HEARD[kinds[0]](carried.before.path, source)
        other = HEARD[kinds[1]](carried.after.path, target)
        given = _given(carried, trial)
        runs = (
            _room(folder, "source", one, trial.inputs, ends),
            _room(folder, "result", other, given, others),
        )
        parting = first_parting(pairs, one, other, runs, TOLERANCE)
        if parting is None:
            return found.model_copy(update={"why": NOTHING_APART, "runs": found.runs + 1})
        path = parting.pair.source[-1]
        layer = source.layers.get(path)
        cause = " ".join(causes(parting, source, target, transfer))
    return found.model_copy(
        update={
            "node": path,
            "operator": layer.kind if layer else "layer",
            "counterpart": parting.pair.target[-1],
            "cause": cause or None,
            "error_before": found.error_before if parting.read is None else parting.read,
            "error_after": parting.gave if isfinite(parting.gave) else None,
            "runs": found.runs + 1,
        }
    )


def _scopes(weights: Weights, paths: list[str]) -> dict[str, frozenset[str]]:
    return {path: held(weights, path) for path in paths}


def _given(carried: Carried, trial: Trial) -> Arrays:
    """The case as the result takes it."""
    before, after = carried.before, carried.after
    with before.runtime.open(before.path, {}) as session:
        source = session.signature
    with after.runtime.open(after.path, {}) as session:
        return match(source, session.signature).inputs(trial.inputs)


def _room(
    folder: Path,
    name: str,
    listener: Listener,
    inputs: Arrays,
    layers: Mapping[str, frozenset[str]],
) -> Run:
    room = folder / name
    room.mkdir(parents=True)
    return listener.run(inputs, layers, room)
