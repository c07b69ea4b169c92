"""Compare: how far two outputs are apart, and whether that is too far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from shared.domain.plans import Tolerance

QUIET = 1e-5
"""A float output whose largest magnitude is below this is compared in absolute terms only."""

DRIFT = 10
"""max_rel may be this multiple of the tolerance's rtol: small outputs hide behind `atol`."""

WIDTHS = ("bfloat16", "float16", "float32", "float64")
"""Float dtypes, the lowest first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two arrays held against each other.

    `max_abs` is max|Δ|, `max_rel` is max|Δ| / max|source|, `cosine` the cosine of the angle
    between them. All are None where shapes, kinds or non-finite values forbid a number.
    `why` says what is wrong; None where they agree.
    """

    why: str | None
    max_abs: float | None = None
    max_rel: float | None = None
    cosine: float | None = None


def compare(
    source: NDArray[Any], result: NDArray[Any], tolerances: Mapping[str, Tolerance]
) -> Difference:
    """Hold one output of the result against the source's."""
    import numpy as np

    if source.shape != result.shape:
        return Difference(f"has the shape {result.shape}, the source has {source.shape}")
    if _kind(source) != _kind(result):
        return Difference(f"is {result.dtype.name}, the source is {source.dtype.name}")
    if source.size == 0:
        return Difference(None, 0.0, 0.0, 1.0)
    if _kind(source) != "float":
        return _exact(source, result)
    one, other = source.astype(np.float64), result.astype(np.float64)
    for whose, array in (("the source", one), ("the result", other)):
        if not np.isfinite(array).all():
            count = int((~np.isfinite(array)).sum())
            return Difference(f"is not finite: {count} values of {whose} are NaN or infinite")
    return _close(one, other, tolerance_for(source, result, tolerances))


def tolerance_for(
    source: NDArray[Any], result: NDArray[Any], tolerances: Mapping[str, Tolerance]
) -> Tolerance | None:
    """That of the lower dtype of the two; None where they must agree exactly."""
    names = {source.dtype.name, result.dtype.name}
    return next((tolerances[name] for name in WIDTHS if name in names & set(tolerances)), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """The worst of one output over all cases."""

    name: str
    dtype: str
    tolerance: Tolerance | None
    max_abs: float = 0.0
    max_rel: float = 0.0
    cosine: float = 1.0
    worst_case: str | None = None
    wrong: str | None = field(default=None)

    def with_case(self, difference: Difference, label: str) -> "Tally":
        """The tally after one more case."""
        worst = self
        if difference.max_abs is not None and difference.max_rel is not None:
            worse = self.worst_case is None or difference.max_rel > self.max_rel
            worst = replace(
                self,
                max_abs=max(self.max_abs, difference.max_abs),
                max_rel=max(self.max_rel, difference.max_rel),
                cosine=min(self.cosine, 1.0 if difference.cosine is None else difference.cosine),
                worst_case=label if worse else self.worst_case,
            )
        if difference.why and worst.wrong is None:
            return replace(worst, wrong=f"{difference.why} ({label})", worst_case=label)
        return worst

    def report(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": self.dtype,
            "max_abs": self.max_abs,
            "max_rel": self.max_rel,
            "cosine": self.cosine,
            "tolerance": self.tolerance.model_dump() if self.tolerance else None,
            "worst_case": self.worst_case,
            "wrong": self.wrong,
        }


def _kind(array: NDArray[Any]) -> str:
    if array.dtype.name in WIDTHS:
        return "float"
    return {"i": "integer", "u": "integer", "b": "bool"}.get(array.dtype.kind, array.dtype.name)


def _exact(source: NDArray[Any], result: NDArray[Any]) -> Difference:
    import numpy as np

    unequal = int((source != result).sum())
    if source.dtype.kind not in "iub":
        return Difference(f"differs in {unequal} of {source.size} values" if unequal else None)
    distance = np.abs(source.astype(np.float64) - result.astype(np.float64)).max()
    largest = np.abs(source.astype(np.float64)).max()
    return Difference(
        f"differs in {unequal} of {source.size} values, which must be equal" if unequal else None,
        float(distance),
        float(distance / max(largest, 1.0)),
        1.0 if not unequal else None,
    )


def _close(source: NDArray[Any], result: NDArray[Any], tolerance: Tolerance | None) -> Difference:
    import numpy as np

    delta = np.abs(source - result)
    largest = float(np.abs(source).max())
    max_abs = float(delta.max())
    max_rel = max_abs / largest if largest > QUIET else 0.0
    why = None
    if tolerance is None:
        why = f"differs by {max_abs:.3g} and must be equal" if max_abs else None
    else:
        allowed = tolerance.atol * max(largest, 1.0) + tolerance.rtol * np.abs(source)
        over = int((delta > allowed).sum())
        if over:
            why = f"differs by up to {max_abs:.3g} (relative {max_rel:.3g}), {over} values too far"
        elif max_rel > DRIFT * tolerance.rtol:
            why = f"differs by {max_rel:.3g} of its largest value, which is {largest:.3g}"
    return Difference(why, max_abs, max_rel, _cosine(source, result))


def _cosine(source: NDArray[Any], result: NDArray[Any]) -> float | None:
    import numpy as np

    norms = float(np.linalg.norm(source) * np.linalg.norm(result))
    if norms == 0 or not math.isfinite(norms):
        return None
    return float(np.dot(source.ravel(), result.ravel()) / norms)
