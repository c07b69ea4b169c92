"""Nearness: how far two arrays are apart, in whichever layout they are nearest."""

from collections.abc import Iterator
from math import inf

from workers.weights.variables import Array


def relative(reference: Array, other: Array) -> float:
    """The largest difference over the reference's largest number; NaN and Inf are infinitely
    far from anything but themselves. The shapes are the same."""
    import numpy as np

    if not reference.size:
        return 0.0
    one, two = reference.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(one) & np.isfinite(two)
    if not np.array_equal(one[~finite], two[~finite], equal_nan=True):
        return inf
    scale = float(np.abs(one[finite]).max(initial=0.0))
    apart = float(np.abs(one[finite] - two[finite]).max(initial=0.0))
    return apart / scale if scale else (inf if apart else 0.0)


def nearest(reference: Array, other: Array) -> float | None:
    """The same over all layouts in which the two have one shape; None: there is none.

    Channels last or first, a sequence or a batch first, one output of a sequence, and the last
    state of both directions.
    """
    found = [
        relative(reference, laid)
        for laid in _laid_out(other, reference.shape)
        if laid.shape == reference.shape
    ]
    return min(found, default=None)


def _laid_out(array: Array, wanted: tuple[int, ...]) -> Iterator[Array]:
    import numpy as np

    yield array
    if array.ndim > 2:  # noqa: PLR2004
        yield np.moveaxis(array, 1, -1)
        yield np.moveaxis(array, -1, 1)
        yield np.swapaxes(array, 0, 1)
    if array.ndim == 3 and len(wanted) == 2:  # noqa: PLR2004
        half = array.shape[2] // 2
        for each in (array, np.swapaxes(array, 0, 1)):
            yield each[:, -1]
            yield np.concatenate([each[:, -1, :half], each[:, 0, half:]], 1)
    if array.ndim > len(wanted) or array.size == np.prod(wanted):
        yield array.reshape(wanted) if array.size == np.prod(wanted) else array
