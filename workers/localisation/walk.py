"""Walk: the route that led from one model to the other, as far as it can be looked at again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.domain.plans import Convert
from workers.verification.verify import Side

Again = Callable[[Convert, Path, Path], Path]
"""Carry out a convert on another model, given where that lies and an empty folder: where the
prepared result lies."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The converts between the reference and the candidate, and the models around them.

    `models` are one more than `converts`; None stands for one that is not at hand. `first` is
    the number of the first convert on its route, which has `total`.
    """

    converts: Sequence[Convert]
    models: Sequence[Side | None]
    first: int
    total: int
    again: Again
    folder: Path
