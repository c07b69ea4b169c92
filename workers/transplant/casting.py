"""Casting: an array as a variable of a live model can hold it, or a refusal that says why not."""

from shared.domain.errors import StepRefused
from workers.weights.dtypes import cast
from workers.weights.variables import Array, Variable


def fitted(name: str, array: Array, held_as: Variable | None) -> Array:
    """The array in the variable's dtype.

    Raises:
        StepRefused: there is no such variable, its shape is another, or its dtype cannot hold
            the values.
    """
    if held_as is None:
        raise StepRefused(f"The target has no variable {name!r}.")
    if array.shape != held_as.shape:
        raise StepRefused(
            f"{name!r} has the shape {list(held_as.shape)}, and what it should become"
            f" {list(array.shape)}."
        )
    return cast(name, array, held_as.dtype)
