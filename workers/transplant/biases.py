"""Biases before a normalisation: a layer that does without one has it in the mean that runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from workers.transplant.companions import companions
from workers.transplant.moving import dropped
from workers.transplant.settling import Match
from workers.transplant.units import Neutral, Unit

MOVED: Final = 0.7
"""How sure it is at most: that nothing lies between the layer and the normalisation is read from
names and order alone."""


def moved(
    found: Sequence[Match],
    sides: tuple[Sequence[Unit], Sequence[Unit]],
    ordered: tuple[bool, bool],
    says_nothing: Callable[[str, Neutral], bool],
) -> Mapping[int, str]:
    """The bias that each batch normalisation takes into its mean, by its place in the target.

    There is one where a layer and the normalisation that belongs to it are those of the other
    side, and only the source's layer has a bias, which is not all zeros.
    """
    here, there = (
        companions(units, ordered=each) for units, each in zip(sides, ordered, strict=True)
    )
    layers = {(each.source.place, each.target.place): each for each in found}
    biases: dict[int, str] = {}
    for norm in found:
        if norm.pair.source.kind != "batch_norm":
            continue
        left, right = here.get(norm.source.place), there.get(norm.target.place)
        layer = layers.get((left, right)) if left is not None and right is not None else None
        if layer is None or "bias" not in layer.pair.source.roles:
            continue
        alike = layer.pair.source.roles["bias"].shape == norm.pair.source.roles["mean"].shape
        lost = [name for name, neutral in dropped(layer) if not says_nothing(name, neutral)]
        if alike and len(lost) == 1 and "bias" not in layer.pair.target.roles:
            biases[norm.target.place] = lost[0]
    return biases
