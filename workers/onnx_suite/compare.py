"""Comparing: what a case's outputs are held to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workers.onnx_suite.values import Value

RTOL: Final = 1e-3
ATOL: Final = 1e-5
RTOL_SMALL: Final = 1e-2
"""Of floats with 16 bits or fewer."""

SMALL_BYTES: Final = 2
COMPLEX: Final = "c"
INTEGERS: Final = "biu"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """|due - got| <= atol + rtol * |due|; `small` is the rtol of floats with 16 bits or fewer."""

    rtol: float = RTOL
    atol: float = ATOL
    small: float = RTOL_SMALL


def mismatch(due: Sequence[Value], got: Sequence[Value], tolerance: Tolerance) -> str | None:
    """What is wrong with the outputs, in a sentence; None where nothing is."""
    if len(due) != len(got):
        return f"{len(got)} outputs instead of {len(due)}"
    for index, (one, other) in enumerate(zip(due, got, strict=True)):
        if wrong := _wrong(one, other, tolerance):
            return f"output {index}: {wrong}"
    return None


def _wrong(due: Value, got: Value, tolerance: Tolerance) -> str | None:
    if due is None or got is None:
        return None if due is got else f"{_kind(got)} instead of {_kind(due)}"
    if isinstance(due, Mapping):
        return _wrong_map(due, got, tolerance)
    if isinstance(due, list | tuple):
        return _wrong_list(due, got, tolerance)
    if isinstance(got, Mapping | list | tuple):
        return f"{_kind(got)} instead of a tensor"
    return _wrong_array(due, got, tolerance)


def _wrong_map(due: Mapping[Any, Value], got: Value, tolerance: Tolerance) -> str | None:
    if not isinstance(got, Mapping):
        return f"{_kind(got)} instead of a map"
    if set(due) != set(got):
        return f"the keys {sorted(map(str, got))} instead of {sorted(map(str, due))}"
    wrong = {key: _wrong(due[key], got[key], tolerance) for key in due}
    return next((f"at {key!r}: {told}" for key, told in wrong.items() if told), None)


def _wrong_list(due: Sequence[Value], got: Value, tolerance: Tolerance) -> str | None:
    if not isinstance(got, list | tuple):
        return f"{_kind(got)} instead of a sequence"
    if len(due) != len(got):
        return f"a sequence of {len(got)} instead of {len(due)}"
    wrong = [_wrong(one, other, tolerance) for one, other in zip(due, got, strict=True)]
    return next((f"item {at}: {told}" for at, told in enumerate(wrong) if told), None)


def _wrong_array(due: Value, got: Value, tolerance: Tolerance) -> str | None:
    import numpy as np

    due, got = np.asarray(due), np.asarray(got)
    if due.shape != got.shape:
        return f"shape {_shape(got)} instead of {_shape(due)}"
    if _is_text(due):
        if not _is_text(got):
            return f"{got.dtype} instead of text"
        differ = sum(_text(one) != _text(two) for one, two in zip(due.flat, got.flat, strict=True))
        return f"{differ} of {due.size} texts differ" if differ else None
    if due.dtype != got.dtype:
        return f"{got.dtype} instead of {due.dtype}"
    return _wrong_numbers(due, got, tolerance)


def _wrong_numbers(due: Any, got: Any, tolerance: Tolerance) -> str | None:
    """Integers and booleans exactly; NaN and infinities at the same places."""
    import numpy as np

    if due.dtype.kind in INTEGERS or "int" in due.dtype.name:
        differ = int(np.count_nonzero(due.astype(object) != got.astype(object)))
        return f"{differ} of {due.size} values differ" if differ else None
    small = due.dtype.itemsize <= SMALL_BYTES
    rtol = max(tolerance.small, tolerance.rtol) if small else tolerance.rtol
    wide = np.complex128 if due.dtype.kind == COMPLEX else np.float64
    due, got = due.astype(wide), got.astype(wide)
    close = np.isclose(got, due, rtol=rtol, atol=tolerance.atol, equal_nan=True)
    if close.all():
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(got - due)
    worst = float(np.nanmax(np.where(close, 0.0, apart), initial=0.0))
    return f"{int((~close).sum())} of {due.size} values differ, by up to {worst:.3g}"


def _kind(value: Value) -> str:
    if value is None:
        return "an empty optional"
    if isinstance(value, Mapping):
        return "a map"
    return "a sequence" if isinstance(value, list | tuple) else "a tensor"


def _is_text(array: Any) -> bool:
    return array.dtype.kind in "OSUT"


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _shape(array: Any) -> str:
    return "x".join(map(str, array.shape)) or "()"
