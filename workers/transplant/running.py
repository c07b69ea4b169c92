"""Running: what becomes of each variable where both models are live, decided by what they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from workers.transplant.agreement import TOLERANCE
from workers.transplant.arranging import Arranging
from workers.transplant.calls import torch_order
from workers.transplant.drawn import drawn
from workers.transplant.examples import Example, Live, by_framework, first_run, given
from workers.transplant.live_keras import KerasWeights
from workers.transplant.live_torch import TorchWeights
from workers.transplant.matching import field
from workers.transplant.moves import Transfer
from workers.transplant.running_order import AsRun
from workers.weights.variables import Array, Weights

SHOWN: Final = 0.99
"""The confidence of what a run showed: other inputs could still tell otherwise."""

RAN: Final = "a run of both models, against names and places"


@dataclass(frozen=True, slots=True)
class Decided:
    """A transfer, and how far the outputs of the two models are apart with it; None: they could
    not be run."""

    transfer: Transfer
    error: float | None

    @property
    def agrees(self) -> bool:
        return self.error is not None and self.error <= TOLERANCE

    @property
    def at_odds(self) -> bool:
        return self.error is not None and self.error > TOLERANCE


def by_running(source: Live, target: Live, example: Example, *, keep: bool) -> Decided | None:
    """What becomes of each variable, by names, places and, where both models take the example or
    inputs drawn at random, by what they compute. None where they take none of these.

    Args:
        keep: leave the weights in the target where the models agree with them.

    Raises:
        InvalidOptions: the example does not fit a model.
    """
    keras, torch = by_framework(source, target)
    best: Decided | None = None
    for keras_given, torch_given in _shown(keras, torch, example):
        found = _decided(source, target, (keras_given, torch_given), keep=keep)
        if best is None or (found.error or 0.0) < (best.error or 0.0):
            best = found
        if found.agrees:
            break
    return best


def _shown(
    keras: KerasWeights, torch: TorchWeights, example: Example
) -> Iterator[tuple[Sequence[Array], Sequence[Array]]]:
    """Inputs of both that both take."""
    if example is not None:
        keras_given, ways = given(example, torch)
        _, taken = first_run(torch, ways)
        yield keras_given, taken
        return
    for arrays in drawn(keras):
        for way in given(arrays, torch)[1]:
            if _takes(keras, arrays) and _takes(torch, way):
                yield arrays, way


def _takes(model: Live, arrays: Sequence[Array]) -> bool:
    """Models are of anybody's making, and so is what they raise."""
    try:
        model.run(arrays)
    except Exception:  # noqa: BLE001 - whatever it is, it is an answer
        return False
    return True


def _decided(
    source: Live,
    target: Live,
    shown: tuple[Sequence[Array], Sequence[Array]],
    *,
    keep: bool,
) -> Decided:
    mirrored = isinstance(source, KerasWeights)
    inputs = shown if mirrored else shown[::-1]
    layers = field(
        *(_as_run(each, shown) for each, shown in zip((source, target), inputs, strict=True))
    )
    settled = layers.settled()
    whole = layers.transfer(settled.matches_of(settled.chosen({})), {})
    if not whole.complete:
        return Decided(layers.transfer(settled.matches()), None)
    before = {name: target.read(name).copy() for name in target.variables}
    found = Arranging(source, target, layers, settled, inputs).found()
    agrees = found.error <= TOLERANCE
    if not (agrees and keep):
        for name, array in before.items():
            target.write(name, array)
    if agrees:
        return Decided(_told(found.transfer, whole), found.error)
    return Decided(layers.transfer(settled.matches()), found.error)


def _told(found: Transfer, likely: Transfer) -> Transfer:
    """With what the run changed said to be its doing: names and places spoke for another."""
    before = {each.target: each.value for each in likely.moves}
    moves = (
        each
        if before.get(each.target) == each.value
        else replace(each, confidence=SHOWN, because=RAN)
        for each in found.moves
    )
    return replace(found, moves=tuple(moves))


def _as_run(weights: Live, shown: Sequence[Array]) -> Weights:
    """In the order of its calls, but for a graph of Keras, whose layers' own numbers say more of
    parallel ones: they were counted as they were written."""
    if isinstance(weights, KerasWeights) and _has_graph(weights.model):
        return weights
    if isinstance(weights, KerasWeights):
        calls = weights.run(shown, list(weights.layers)).calls
        return AsRun(weights, [each.path for each in calls])
    return AsRun(weights, torch_order(weights.model, shown))


def _has_graph(model: Any) -> bool:
    return bool(getattr(model, "inputs", None))
