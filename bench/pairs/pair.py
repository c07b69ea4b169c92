"""Pair: one architecture, written independently in both frameworks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.pairs.weights import GAIN

Arrays = tuple[NDArray[Any], ...]
Shown = Callable[[np.random.Generator], tuple[Arrays, Arrays]]
"""What both are shown: the same things, as Keras takes them and as PyTorch does."""

BATCH: Final = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """`keras` gives a built model, `torch` a module. `settle` sets what the PyTorch side has and
    Keras's has not to what changes nothing. `gain`: see `fill_keras`; where blocks are added up
    time and again, a large one makes what is lost in rounding larger, too."""

    name: str
    family: str
    keras: Callable[[], Any]
    torch: Callable[[], Any]
    shown: Shown
    settle: Callable[[Any], None] = lambda _: None
    gain: float = GAIN


def pictures(side: int, channels: int = 3, depth: int | None = None) -> Shown:
    """Pictures, or volumes of `depth`, whose channels are last and first."""
    lengths = (side, side) if depth is None else (depth, side, side)

    def shown(random: np.random.Generator) -> tuple[Arrays, Arrays]:
        drawn = random.normal(0, 1, (BATCH, *lengths, channels)).astype(np.float32)
        return (drawn,), (np.ascontiguousarray(np.moveaxis(drawn, -1, 1)),)

    return shown


def signals(length: int, channels: int) -> Shown:
    """Signals over time, whose channels are last and first."""

    def shown(random: np.random.Generator) -> tuple[Arrays, Arrays]:
        drawn = random.normal(0, 1, (BATCH, length, channels)).astype(np.float32)
        return (drawn,), (np.ascontiguousarray(np.moveaxis(drawn, -1, 1)),)

    return shown


def vectors(*shapes: tuple[int, ...]) -> Shown:
    """Floats of these shapes behind the batch, the same for both."""

    def shown(random: np.random.Generator) -> tuple[Arrays, Arrays]:
        drawn = tuple(random.normal(0, 1, (BATCH, *each)).astype(np.float32) for each in shapes)
        return drawn, drawn

    return shown


def tokens(words: int, *lengths: int) -> Shown:
    """Texts of these lengths, as the numbers of their words: int32, and int64 for PyTorch."""

    def shown(random: np.random.Generator) -> tuple[Arrays, Arrays]:
        drawn = tuple(random.integers(0, words, (BATCH, each)) for each in lengths)
        return tuple(each.astype(np.int32) for each in drawn), drawn

    return shown
