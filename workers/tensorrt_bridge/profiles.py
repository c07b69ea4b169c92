"""Profiles: the ranges of shapes that an engine is built for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.engines import Profile, Range, Shape
from shared.domain.errors import BadSamples, InvalidProfile
from shared.domain.signatures import Signature, Tensor
from workers.verification.dims import batch_names, length_names, shape_of

Reach = tuple[int, int, int]
"""Smallest, usual, largest."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Lengths for dimensions that may vary and that the user said nothing of."""

    batch: Reach
    length: Reach  # of text, sound, and all else
    side: Reach  # of images: the last axes of four
    values: Reach  # of inputs that are shapes themselves


GUESSES: Final = (
    Guess(batch=(1, 4, 8), length=(8, 128, 512), side=(32, 224, 512), values=(1, 1, 1)),
    Guess(batch=(1, 4, 8), length=(16, 32, 64), side=(224, 224, 256), values=(1, 2, 4)),
    Guess(batch=(1, 2, 4), length=(32, 32, 32), side=(224, 224, 224), values=(2, 2, 2)),
    Guess(batch=(1, 1, 1), length=(16, 16, 16), side=(64, 64, 64), values=(4, 4, 4)),
)
"""From the widest to the narrowest, tried in order: a model may take few lengths only."""

_IMAGE: Final = 4  # axes


def profiles(
    signature: Signature, given: Mapping[str, Range], values: set[str]
) -> Iterator[Profile]:
    """Ranges for every input, the likeliest first; one alone where the user left nothing open.

    Args:
        signature: of the network.
        given: the user's ranges, by input.
        values: inputs that are shapes, whose ranges are of their values.

    Raises:
        InvalidProfile: naming the input that a range does not fit, or whose shape is unknown.
    """
    _check(signature, given, values)
    fixed = _bound(signature, given, values)
    seen: list[Profile] = []
    for guess in GUESSES:
        profile = {
            each.name: given.get(each.name) or _ranged(each, signature, guess, fixed, values)
            for each in signature.inputs
        }
        if profile not in seen:
            seen.append(profile)
            yield profile


def applied(trt_profile: Any, profile: Profile, values: set[str]) -> Any:
    """The library's optimization profile, with these ranges in it."""
    for name, each in profile.items():
        if name in values:
            trt_profile.set_shape_input(name, list(each.min), list(each.opt), list(each.max))
        else:
            trt_profile.set_shape(name, each.min, each.opt, each.max)
    return trt_profile


def told(profile: Profile, signature: Signature, values: set[str]) -> Profile:
    """The profile as it came out: of an input that is no shape after all, its own fixed shape."""
    fixed = {
        each.name: tuple(dim for dim in each.shape or () if isinstance(dim, int))
        for each in signature.inputs
        if each.name not in values and not any(_varies(dim) for dim in each.shape or ())
    }
    return {
        name: Range(min=fixed[name], opt=fixed[name], max=fixed[name]) if name in fixed else each
        for name, each in profile.items()
    }


def _varies(dim: int | str | None) -> bool:
    return not isinstance(dim, int)


def _check(signature: Signature, given: Mapping[str, Range], values: set[str]) -> None:
    inputs = {each.name: each for each in signature.inputs}
    for name, each in given.items():
        if name not in inputs:
            known = ", ".join(map(repr, inputs)) or "none"
            raise _wrong(name, f"is no input of the model. Its inputs are {known}.")
        if name in values:
            _check_values(inputs[name], each)
        else:
            _check_shape(inputs[name], each)


def _check_values(tensor: Tensor, given: Range) -> None:
    shape = tensor.shape or ()
    count = shape[0] if shape else 1
    if not len(given.min) == len(given.opt) == len(given.max) == count:
        raise _wrong(
            tensor.name, f"is a shape itself: give its {count} smallest, usual and largest values."
        )
    _check_order(tensor.name, given)


def _check_shape(tensor: Tensor, given: Range) -> None:
    shape = tensor.shape or ()
    for which, asked in (("min", given.min), ("opt", given.opt), ("max", given.max)):
        if len(asked) != len(shape):
            raise _wrong(
                tensor.name,
                f"has {len(shape)} dimensions, {_written(shape)}; {which} has {len(asked)}.",
            )
        for axis, (length, wanted) in enumerate(zip(asked, shape, strict=True)):
            if length < 0:
                raise _wrong(tensor.name, f"cannot be {length} long: {which}, axis {axis}.")
            if isinstance(wanted, int) and length != wanted:
                raise _wrong(
                    tensor.name, f"has {wanted} on axis {axis}, and {which} says {length}."
                )
    _check_order(tensor.name, given)


def _check_order(name: str, given: Range) -> None:
    for axis, (low, usual, high) in enumerate(zip(given.min, given.opt, given.max, strict=True)):
        if not low <= usual <= high:
            raise _wrong(
                name, f"must have min <= opt <= max; axis {axis} has {low}, {usual}, {high}."
            )


def _bound(signature: Signature, given: Mapping[str, Range], values: set[str]) -> dict[str, Reach]:
    """The lengths that the user's ranges give to dimensions with a name, for all who share it."""
    bound: dict[str, tuple[str, Reach]] = {}
    for tensor in signature.inputs:
        if tensor.name not in given or tensor.name in values:
            continue
        each = given[tensor.name]
        for axis, dim in enumerate(tensor.shape or ()):
            if not isinstance(dim, str):
                continue
            reach = (each.min[axis], each.opt[axis], each.max[axis])
            whose, known = bound.setdefault(dim, (tensor.name, reach))
            if known != reach:
                raise _wrong(
                    tensor.name,
                    f"has the length {dim!r} on axis {axis}, which goes over {known} in {whose!r}"
                    f" and over {reach} here.",
                )
    return {name: reach for name, (_, reach) in bound.items()}


def _ranged(
    tensor: Tensor,
    signature: Signature,
    guess: Guess,
    fixed: Mapping[str, Reach],
    values: set[str],
) -> Range:
    if tensor.name in values:
        count = tensor.shape[0] if tensor.shape else 1
        low, usual, high = ((each,) * int(count or 0) for each in guess.values)
        return Range(min=low, opt=usual, max=high)
    low, usual, high = (_shape(tensor, _extents(signature, guess, fixed, i)) for i in range(3))
    return Range(min=low, opt=usual, max=high)


def _extents(
    signature: Signature, guess: Guess, fixed: Mapping[str, Reach], which: int
) -> dict[str, int]:
    sides = _sides(signature)
    lengths = {
        name: (guess.side if name in sides else guess.length)[which]
        for name in length_names(signature)
    }
    batches = dict.fromkeys(batch_names(signature), guess.batch[which])
    return lengths | batches | {name: reach[which] for name, reach in fixed.items()}


def _sides(signature: Signature) -> set[str]:
    """The names of lengths that are sides of images: those of inputs with four axes."""
    images = tuple(each for each in signature.inputs if len(each.shape or ()) == _IMAGE)
    return length_names(Signature(inputs=images, outputs=()))


def _shape(tensor: Tensor, extents: Mapping[str, int]) -> Shape:
    try:
        return shape_of(tensor, extents)
    except (BadSamples, KeyError):
        raise _wrong(
            tensor.name, "has a shape that cannot be guessed. Give min, opt and max for it."
        ) from None


def _wrong(name: str, what: str) -> InvalidProfile:
    return InvalidProfile(f"'shapes': {name!r} {what}", field=f"shapes.{name}")


def _written(shape: tuple[int | str | None, ...]) -> str:
    return "(" + ", ".join("?" if each is None else str(each) for each in shape) + ")"
