"""Compare: how far two outputs are apart, and whether that is too far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from shared.domain.plans import Tolerance
from workers.verification.ranking import FLOATS, Ranking, ranking

QUIET = 1e-5
"""Below this a float output is mostly noise: its error is taken relative to this instead."""

DRIFT = 10
"""max_rel may be this multiple of the tolerance's rtol: small outputs hide behind `atol`."""

SHARE_DRIFT = 2
"""The same for a tolerance with a share, as a multiple of share and rtol together."""

ROUNDINGS = 256
"""Last bits of an output's largest value that rounding may add up to, in sums of many terms."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two arrays held against each other.

    `max_abs` is max|Δ|, `max_rel` is max|Δ| / max|source| (floats below QUIET: / QUIET),
    `cosine` the cosine of the angle between them, `largest` max|source|. All are None where
    shapes, kinds or non-finite values forbid a number. `why` says what is wrong; None where
    they agree. `elements` counts the values that were held against each other,
    and `share` is the part of them that is too far off. `ranking` is a classifier's.
    """

    why: str | None
    max_abs: float | None = None
    max_rel: float | None = None
    cosine: float | None = None
    largest: float | None = None
    elements: int = 0
    share: float = 0.0
    ranking: Ranking | None = None


def compare(
    source: NDArray[Any], result: NDArray[Any], tolerances: Mapping[str, Tolerance]
) -> Difference:
    """Hold one output of the result against the source's, by the tolerance of its size."""
    if source.shape != result.shape:
        return Difference(f"has the shape {result.shape}, the source has {source.shape}")
    if _kind(source) != _kind(result):
        return Difference(f"is {result.dtype.name}, the source is {source.dtype.name}")
    if source.size == 0:
        return Difference(None, 0.0, 0.0, 1.0, 0.0)
    if _kind(source) != "float":
        return _exact(source, result)
    return _floats(source, result, tolerances)


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
    wrong: str | None = None
    largest: float = 0.0
    elements: int = 0
    ranking: Ranking | None = None

    def with_case(self, difference: Difference, label: str) -> "Tally":
        """The tally after one more case."""
        worst = replace(self, elements=self.elements + difference.elements)
        if difference.max_abs is not None and difference.max_rel is not None:
            worse = self.worst_case is None or difference.max_rel > self.max_rel
            worst = replace(
                worst,
                largest=max(self.largest, difference.largest or 0.0),
                max_abs=max(self.max_abs, difference.max_abs),
                max_rel=max(self.max_rel, difference.max_rel),
                cosine=min(self.cosine, 1.0 if difference.cosine is None else difference.cosine),
                worst_case=label if worse else self.worst_case,
            )
        if difference.ranking is not None:
            worst = replace(worst, ranking=(self.ranking or Ranking()) + difference.ranking)
        if difference.why and worst.wrong is None:
            return replace(worst, wrong=f"{difference.why} ({label})", worst_case=label)
        return worst

    @property
    def quiet(self) -> bool:
        """Whether no case made the source say more than noise: agreement then proves little."""
        return self.tolerance is not None and self.largest <= QUIET

    def report(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": self.dtype,
            "max_abs": self.max_abs,
            "max_rel": self.max_rel,
            "cosine": self.cosine,
            "tolerance": self.tolerance.model_dump() if self.tolerance else None,
            **(self.ranking.report() if self.ranking else {}),
            "elements": self.elements,
            "largest": self.largest,
            "quiet": self.quiet,
            "worst_case": self.worst_case,
            "wrong": self.wrong,
        }


def _kind(array: NDArray[Any]) -> str:
    if array.dtype.name in FLOATS:
        return "float"
    return {"i": "integer", "u": "integer", "b": "bool"}.get(array.dtype.kind, array.dtype.name)


def _exact(source: NDArray[Any], result: NDArray[Any]) -> Difference:
    import numpy as np

    if source.dtype.kind == "O":
        source, result = _words(source), _words(result)
    unequal = int((source != result).sum())
    if source.dtype.kind not in "iub":
        return Difference(
            f"differs in {unequal} of {source.size} values" if unequal else None,
            elements=source.size,
        )
    distance = np.abs(source.astype(np.float64) - result.astype(np.float64)).max()
    largest = np.abs(source.astype(np.float64)).max()
    return Difference(
        f"differs in {unequal} of {source.size} values, which must be equal" if unequal else None,
        float(distance),
        float(distance / max(largest, 1.0)),
        1.0 if not unequal else None,
        float(largest),
        source.size,
        unequal / source.size,
    )


def _words(array: NDArray[Any]) -> NDArray[Any]:
    """Strings as text: TensorFlow gives them as bytes, ONNX Runtime decoded from UTF-8."""
    import numpy as np

    told = [
        each.decode(errors="surrogateescape") if isinstance(each, bytes) else each
        for each in array.reshape(-1).tolist()
    ]
    words = np.empty(array.size, object)
    words[:] = told
    return words.reshape(array.shape)


def _floats(
    source: NDArray[Any], result: NDArray[Any], tolerances: Mapping[str, Tolerance]
) -> Difference:
    import numpy as np

    one, other = source.astype(np.float64), result.astype(np.float64)
    for whose, array in (("the source", one), ("the result", other)):
        if not np.isfinite(array).all():
            count = int((~np.isfinite(array)).sum())
            return Difference(f"is not finite: {count} values of {whose} are NaN or infinite")
    name = source.dtype.name
    tolerance = tolerances.get(name)
    due = tolerance and tolerance.over(source.size)
    found = _close(one, other, due, _rounding(source.dtype))
    found = replace(found, ranking=ranking(source, result))
    if result.dtype != source.dtype:
        return replace(found, why=f"is {result.dtype.name}, the source is {name}")
    return found


def _rounding(dtype: Any) -> float:
    """What rounding may add up to in a float dtype, as a part of the largest value."""
    import ml_dtypes

    finfo: Any = ml_dtypes.finfo
    return ROUNDINGS * float(finfo(dtype).eps)


def _close(
    source: NDArray[Any], result: NDArray[Any], tolerance: Tolerance | None, rounding: float
) -> Difference:
    import numpy as np

    delta = np.abs(source - result)
    largest = float(np.abs(source).max())
    max_abs = float(delta.max())
    max_rel = max_abs / max(largest, QUIET)
    why, over = None, 0
    if tolerance is None:
        why = f"differs by {max_abs:.3g} and must be equal" if max_abs else None
    else:
        # The last bits of float16 and bfloat16 are coarse: 256 of them would excuse anything.
        noise = min(rounding, tolerance.atol) * largest
        flat = tolerance.share * largest + noise
        allowed = tolerance.atol + tolerance.rtol * np.abs(source) + flat
        over = int((delta > allowed).sum())
        if over:
            why = f"differs by up to {max_abs:.3g} (relative {max_rel:.3g}), {over} values too far"
        elif max_rel > _drift(tolerance):
            why = (
                f"differs by up to {max_abs:.3g} (relative {max_rel:.3g}), though its largest"
                f" value is only {largest:.3g}"
            )
    cosine = _cosine(source, result)
    if why is None and tolerance is not None and _astray(cosine, tolerance):
        why = f"points another way: the cosine is {cosine:.4g}, at least {tolerance.cosine} is due"
    return Difference(why, max_abs, max_rel, cosine, largest, source.size, over / source.size)


def _drift(tolerance: Tolerance) -> float:
    if tolerance.share:
        return SHARE_DRIFT * (tolerance.share + tolerance.rtol)
    return DRIFT * tolerance.rtol


def _astray(cosine: float | None, tolerance: Tolerance) -> bool:
    return cosine is not None and tolerance.cosine is not None and cosine < tolerance.cosine


def _cosine(source: NDArray[Any], result: NDArray[Any]) -> float | None:
    import numpy as np

    norms = float(np.linalg.norm(source) * np.linalg.norm(result))
    if norms == 0 or not math.isfinite(norms):
        return None
    return float(np.dot(source.ravel(), result.ravel()) / norms)
