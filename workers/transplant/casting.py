"""Casting: an array as a variable can hold it, or a refusal that says why not."""

from shared.domain.errors import StepRefused
from workers.weights.variables import Array, Variable


def fitted(name: str, array: Array, held_as: Variable | None) -> Array:
    """The array in the variable's dtype.

    Raises:
        StepRefused: there is no such variable, its shape is another, or its dtype cannot hold a
            value: complex in real, fractions in integers, or more than its largest number.
    """
    import ml_dtypes
    import numpy as np

    if held_as is None:
        raise StepRefused(f"The target has no variable {name!r}.")
    if array.shape != held_as.shape:
        raise StepRefused(
            f"{name!r} has the shape {list(held_as.shape)}, and what it should become"
            f" {list(array.shape)}."
        )
    own = getattr(ml_dtypes, held_as.dtype, None)
    dtype = np.dtype(own if own is not None else held_as.dtype)
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        cast: Array = array.astype(dtype)
        same = cast.astype(array.dtype) == array if dtype.kind in "biu" else _holds(array, cast)
    if array.dtype.kind == "c" or not np.all(same):
        raise StepRefused(
            f"{name!r} is {held_as.dtype} in the target and cannot hold its source, which is"
            f" {array.dtype}: cast the target's variable first."
        )
    return cast


def _holds(array: Array, cast: Array) -> Array:
    import numpy as np

    held: Array = np.isfinite(cast.astype(np.float64)) | ~np.isfinite(array.astype(np.float64))
    return held
