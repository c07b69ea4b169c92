"""Types of elements by name, and which array may become which without a loss nobody asked for."""

from typing import Any

from shared.domain.errors import StepRefused
from workers.weights.variables import Array


def numpy_dtype(name: str) -> Any:
    """The numpy dtype of that name; bfloat16 and the float8 kinds are those of ml_dtypes.

    Raises:
        TypeError: there is none.
    """
    import ml_dtypes
    import numpy as np

    return np.dtype(getattr(ml_dtypes, name, name))


def is_known(name: str) -> bool:
    """Whether numpy or ml_dtypes has a type of that name, and a fixed size for it."""
    try:
        return bool(numpy_dtype(name).itemsize)
    except TypeError:
        return False


def check_castable(variable: str, source: str, target: str) -> None:
    """Floats may become other floats, integers other integers; nothing crosses between kinds.

    Raises:
        StepRefused: the target's type is of another kind than the source's.
    """
    if source == target or _kind(source) == _kind(target):
        return
    raise StepRefused(
        f"The variable {variable!r} is {target} in the target, which cannot hold the source's"
        f" {source}: they are different kinds of number. Map it to a variable of its own kind, or"
        " leave it out.",
        node=variable,
    )


def cast(variable: str, array: Array, target: str) -> Array:
    """The array in that type: itself where it has it already.

    Raises:
        StepRefused: a finite value is beyond what the type can hold.
    """
    import numpy as np

    if array.dtype.name == target:
        return array
    check_castable(variable, array.dtype.name, target)
    with np.errstate(over="ignore", invalid="ignore"):
        result: Array = array.astype(numpy_dtype(target))
    if _kind(target) == "float":
        if _itemsize(target) < array.dtype.itemsize and _lost(array, result):
            raise StepRefused(_overflow(variable, array.dtype.name, target), node=variable)
    elif not np.array_equal(result.astype(array.dtype), array):
        raise StepRefused(_overflow(variable, array.dtype.name, target), node=variable)
    return result


def _lost(array: Array, result: Array) -> bool:
    import numpy as np

    there = np.isfinite(array.astype(np.float32) if array.dtype.itemsize < 4 else array)  # noqa: PLR2004 - ml_dtypes lack it
    kept = np.isfinite(result.astype(np.float32))
    return bool(np.any(there & ~kept))


def _overflow(variable: str, source: str, target: str) -> str:
    return (
        f"The variable {variable!r} is {target} in the target, and has values as {source} that"
        f" {target} cannot hold. Use a target of a wider type."
    )


def _kind(name: str) -> str:
    if name.startswith(("float", "bfloat")):
        return "float"
    if name.startswith(("int", "uint")):
        return "integer"
    return "complex" if name.startswith("complex") else name


def _itemsize(name: str) -> int:
    return int(numpy_dtype(name).itemsize)
