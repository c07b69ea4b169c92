"""Apart: how far two sets of tensors differ inside a model, where no dtype was promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from shared.domain.plans import Tolerance
from workers.runtime import Arrays
from workers.verification.compare import Difference, compare
from workers.verification.ranking import FLOATS


@dataclass(frozen=True, slots=True)
class Apart:
    """`wrong` says of one tensor why it is; None where all agree.

    `error` is the largest relative difference, None where shapes or kinds forbid a number.
    """

    wrong: str | None
    error: float | None


def apart(source: Arrays, result: Arrays, tolerances: Mapping[str, Tolerance]) -> Apart:
    """Hold tensors of the same names against each other."""
    found = {name: _difference(each, result[name], tolerances) for name, each in source.items()}
    errors = [each.max_rel for each in found.values()]
    known = [each for each in errors if each is not None]
    wrong = [f"{name!r} {each.why}" for name, each in found.items() if each.why]
    unknown = len(known) < len(errors)
    return Apart(wrong[0] if wrong else None, None if unknown else max(known, default=0.0))


def _difference(
    source: NDArray[Any], result: NDArray[Any], tolerances: Mapping[str, Tolerance]
) -> Difference:
    """As `compare`; but inside a model an infinity may be meant, as in a mask, and a float may
    be of another width."""
    import numpy as np

    if source.dtype.name in FLOATS and result.dtype.name in FLOATS:
        if source.shape == result.shape:
            one, other = source.astype(np.float64), result.astype(np.float64)
            same = ~np.isfinite(one) & ((one == other) | (np.isnan(one) & np.isnan(other)))
            source = np.where(same, source.dtype.type(0), source)
            result = np.where(same, result.dtype.type(0), result)
        result = result.astype(source.dtype)
    return compare(source, result, tolerances)
