"""Ranges: made-up rows carried to where a model's own thresholds lie.

A forest whose thresholds are around 100 takes one path for every row of standard normal
numbers, and agreement on them proves nothing.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workers.tabular.forests import Forest

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCHES: Final = (64, 1, 257)
"""Rows of a table are cheap, and each takes one path only."""

MISSING: Final = 0.05
"""Part of the cells that are emptied, where the model takes NaN."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is fed to one feature: `choices` where it has them, else around `centre`.

    `missing` says that NaN is a value like others.
    """

    name: str
    centre: float = 0.0
    spread: float = 1.0
    choices: tuple[Any, ...] = ()
    missing: bool = False
    words: bool = False

    def suit(self, drawn: "NDArray[Any]") -> "NDArray[Any]":
        """The column in place of `drawn`, standard normal numbers or made-up words."""
        import numpy as np

        if self.choices:
            places = [zlib.crc32(str(each).encode()) % len(self.choices) for each in drawn.flat]
            kind: Any = object if self.words else drawn.dtype
            picked = np.array([self.choices[each] for each in places], dtype=kind)
            return picked.reshape(drawn.shape)
        if self.words:
            return drawn
        placed = np.asarray(drawn * self.spread + self.centre, drawn.dtype)
        if self.missing:
            holes = np.abs(drawn * 1000) % 1 < MISSING
            placed = np.where(holes, np.asarray(np.nan, drawn.dtype), placed)
        return placed


def of_forest(forest: Forest) -> tuple[Column, ...]:
    """A column for each feature, around its thresholds."""
    import numpy as np

    splits = [each.left >= 0 for each in forest.trees]
    pairs = list(zip(forest.trees, splits, strict=True))
    feature = np.concatenate([tree.feature[split] for tree, split in pairs])
    bound = np.concatenate([tree.value[split] for tree, split in pairs]).astype(np.float64)
    return around([bound[feature == each] for each in range(forest.features)], missing=True)


def around(landmarks: "Sequence[NDArray[Any]]", *, missing: bool = False) -> tuple[Column, ...]:
    """A column for each list of values that matter to it."""
    return tuple(
        Column(f"column_{number}", *place(values), missing=missing)
        for number, values in enumerate(landmarks)
    )


def place(values: "NDArray[Any]") -> tuple[float, float]:
    """Where values lie: their median, and how far they spread; 0 and 1 where there are none."""
    import numpy as np

    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, 1.0
    centre = float(np.median(finite))
    return centre, float(finite.std()) or abs(centre) or 1.0


def suited_table(
    name: str, columns: Sequence[Column]
) -> "Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]":
    """For a model that takes all columns as one input."""

    def suit(inputs: "Mapping[str, NDArray[Any]]") -> "dict[str, NDArray[Any]]":
        import numpy as np

        drawn = inputs[name]
        parts = [each.suit(drawn[:, place]) for place, each in enumerate(columns)]
        return {name: np.stack(parts, axis=1)}

    return suit


def suited_columns(
    columns: Sequence[Column],
) -> "Callable[[Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]":
    """For a model with an input for each column."""

    def suit(inputs: "Mapping[str, NDArray[Any]]") -> "dict[str, NDArray[Any]]":
        return {each.name: each.suit(inputs[each.name]) for each in columns}

    return suit
