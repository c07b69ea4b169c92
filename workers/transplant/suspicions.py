"""Suspicions: why a layer may compute something else than its counterpart."""

from collections.abc import Iterator
from typing import Final

from workers.transplant.layers import Counterparts
from workers.transplant.matching import match
from workers.transplant.moves import Move, Transfer
from workers.weights.variables import Layer, Weights

ALIKE: Final = (
    ("epsilon", "eps"),
    ("groups", "groups"),
    ("groups", "num_groups"),
    ("num_heads", "num_heads"),
    ("strides", "stride"),
    ("dilation_rate", "dilation"),
)
"""Settings of Keras and of PyTorch that mean the same."""


def suspicions(
    pair: Counterparts, source: Weights, target: Weights, transfer: Transfer
) -> Iterator[str]:
    """Settings that differ, and weights that are laid out otherwise than the layers' kinds ask
    for; a sentence each."""
    if len(pair.source) == len(pair.target) == 1:
        here, there = source.layers.get(pair.source[0]), target.layers.get(pair.target[0])
        if here and there:
            yield from _settings(here, there)
    usual = {each.target: each for each in match(source, target).moves}
    for move in transfer.moves:
        asked = usual.get(move.target)
        if move.target in pair.variables and asked and asked.value != move.value:
            yield _laid_out(move, asked)


def _settings(here: Layer, there: Layer) -> Iterator[str]:
    for names in ALIKE:
        for one, other in dict.fromkeys((names, names[::-1])):
            a, b = here.settings.get(one), there.settings.get(other)
            if None not in (a, b) and a != b:
                yield f"{one} is {a} in the source, and {other} is {b} in the target."


def _laid_out(move: Move, asked: Move) -> str:
    return (
        f"{move.target!r} is made by {move.words!r}, and these layers' kinds ask for"
        f" {asked.words!r}."
    )
