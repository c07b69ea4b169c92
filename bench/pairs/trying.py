"""Trying: the weights of a pair carried both ways, and both models run."""

import time
from typing import Any, Final

import numpy as np

from bench.pairs.pair import Pair
from bench.pairs.trial import Carried, Trial
from bench.pairs.weights import fill_keras, fill_torch
from shared.domain.errors import FerryError
from workers.transplant import transplant
from workers.transplant.live import Transplanted

SEED: Final = 5
LEAST_HEARD: Final = 1e-3
LONGEST: Final = 400


def tried(pair: Pair) -> Trial:
    """Without a mapping file. The source has weights drawn anew before each way."""
    began = time.monotonic()
    keras, torch = pair.keras(), pair.torch().eval()
    shown = pair.shown(np.random.default_rng(SEED))
    example = {"keras": list(shown[0]), "pytorch": list(shown[1])}
    fill_torch(torch, SEED + 1, pair.gain)
    fill_keras(keras, SEED + 2, pair.gain)
    there = _carried(keras, torch, example)
    check_heard(keras, shown[0])
    fill_torch(torch, SEED + 3, pair.gain)
    pair.settle(torch)
    back = _carried(torch, keras, example)
    seconds = round(time.monotonic() - began, 1)
    return Trial(family=pair.family, to_pytorch=there, to_keras=back, seconds=seconds)


def check_heard(model: Any, shown: Any) -> None:
    """Two examples must give two answers, or whatever is wrong in the first layers is not missed.

    Raises:
        ValueError: they do not.
    """
    answer = model(list(shown) if len(shown) > 1 else shown[0], training=False)
    first = np.asarray(answer[0] if isinstance(answer, (list, tuple)) else answer)
    if np.abs(first[0] - first[1]).max() < LEAST_HEARD * np.abs(first).max():
        raise ValueError(f"{model.name}: the answer hardly depends on the example")


def _carried(source: Any, target: Any, example: Any) -> Carried:
    try:
        return _found(transplant(source, target, example=example))
    except FerryError as refusal:
        try:
            plan = _found(transplant(source, target, dry_run=True))
        except FerryError as error:
            return _refused(Carried(mapped=0, variables=0, complete=False), error)
        return _refused(plan, refusal)


def _found(done: Transplanted) -> Carried:
    rows = [each for each in done.told["target"] if not each.get("meant")]
    return Carried(
        mapped=len(done.moves),
        variables=len(rows),
        complete=done.transfer.complete,
        least=done.told["least_confidence"],
        max_rel=done.error,
    )


def _refused(found: Carried, error: FerryError) -> Carried:
    reason = " ".join(error.fault.detail.split())[:LONGEST]
    told = {"code": error.fault.code, "reason": reason, "max_rel": None}
    return found.model_copy(update=told)
