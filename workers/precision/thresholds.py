"""Thresholds: the magnitude that becomes 127, from a histogram of magnitudes."""

from enum import StrEnum
from typing import Any, Final

from numpy.typing import NDArray

BINS: Final = 2048
LEVELS: Final = 128
"""Magnitudes that int8 tells apart."""

STRIDE: Final = 8
"""Bins from one candidate to the next."""


class Calibration(StrEnum):
    """How the threshold is found."""

    ENTROPY = "entropy"
    MINMAX = "minmax"
    PERCENTILE = "percentile"


def by_percentile(histogram: NDArray[Any], largest: float, percentile: float) -> float:
    """The magnitude that this part of the values, in percent, does not exceed."""
    import numpy as np

    shares = np.cumsum(histogram) / histogram.sum()
    last = int(np.searchsorted(shares, percentile / 100))
    return largest * (min(last, histogram.size - 1) + 1) / histogram.size


def by_entropy(histogram: NDArray[Any], largest: float) -> float:
    """The threshold whose int8 distribution tells least apart from the one that was seen.

    Kullback-Leibler divergence of the clipped distribution from its quantised image, the least
    over all candidates. Migacz, "8-bit Inference with TensorRT", GTC 2017.

    Args:
        histogram: counts of magnitudes in BINS equal bins from 0 to `largest`.
    """
    import numpy as np

    counts = histogram.astype(np.float64)
    counts[0] = counts[1]  # zeros are exact at any scale: they must not outvote the others
    ends = range(LEVELS, BINS + 1, STRIDE)
    best = min(ends, key=lambda end: _divergence(counts, end))
    return largest * best / BINS


def _divergence(counts: NDArray[Any], end: int) -> float:
    """Of the first `end` bins, what lies beyond clipped into the last, from LEVELS levels."""
    import numpy as np

    kept = counts[:end]
    clipped = kept.copy()
    clipped[-1] += counts[end:].sum()
    if not clipped.any():
        return float("inf")
    level = np.minimum(np.arange(end) * LEVELS // end, LEVELS - 1)
    filled = kept > 0
    sums = np.bincount(level, kept, LEVELS)
    bins = np.bincount(level, filled, LEVELS)
    image = np.where(filled, (sums / np.maximum(bins, 1))[level], 0.0)
    one, other = clipped / clipped.sum(), _smooth(image)
    seen = one > 0
    return float((one[seen] * np.log(one[seen] / other[seen])).sum())


def _smooth(image: NDArray[Any]) -> NDArray[Any]:
    """As a distribution without empty bins: what was clipped into one is improbable, not nil."""
    import numpy as np

    least = 1e-6 * max(float(image.sum()), 1.0) / image.size
    filled = np.maximum(image, least)
    smooth: NDArray[Any] = filled / filled.sum()
    return smooth
