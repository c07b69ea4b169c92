"""Expressions: what a target's variable is made of, as data that can be run, told and saved.

Made of the source's variables by the layout changes that there are between the frameworks. They
are pure: shapes can be known before anything is read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import assert_never

from workers.weights.variables import Array

Shape = tuple[int, ...]


class Unfit(ValueError):
    """An expression cannot be applied to variables of these shapes."""


@dataclass(frozen=True, slots=True)
class Read:
    """A variable of the source as it is."""

    name: str


@dataclass(frozen=True, slots=True)
class Transpose:
    """Axis `i` of the result is axis `axes[i]` of what it is made of."""

    of: "Expression"
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reshape:
    """The same elements in row-major order; one length may be -1."""

    of: "Expression"
    shape: Shape


@dataclass(frozen=True, slots=True)
class Part:
    """Part `index`, counted from 0, of `count` equal ones along an axis."""

    of: "Expression"
    axis: int
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class Join:
    """All of them one after the other along an axis."""

    of: tuple["Expression", ...]
    axis: int


@dataclass(frozen=True, slots=True)
class Sum:
    """All of them added: a bias that one framework keeps in two parts."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first less the others: a mean that runs, less the bias that was added before it."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Zeros:
    """Nothing of the source: the other part of such a bias."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Ones:
    """Nothing of the source: a scale that its layer does without."""

    shape: Shape


Expression = Read | Transpose | Reshape | Part | Join | Sum | Difference | Zeros | Ones


def names(expression: Expression) -> Iterator[str]:
    """The source's variables that it is made of, each as often as it is read."""
    match expression:
        case Read(name):
            yield name
        case Transpose(of, _) | Reshape(of, _) | Part(of, _, _, _):
            yield from names(of)
        case Join(parts, _) | Sum(parts) | Difference(parts):
            for each in parts:
                yield from names(each)
        case Zeros() | Ones():
            return
        case _:
            assert_never(expression)


def shape_of(  # noqa: PLR0911 - one for each kind
    expression: Expression, shapes: Mapping[str, Shape]
) -> Shape:
    """The shape of what it makes, by those of the source's variables.

    Raises:
        Unfit: it does not go with these shapes; says why.
        KeyError: there is no such variable.
    """
    match expression:
        case Read(name):
            return shapes[name]
        case Transpose(of, axes):
            return _transposed(shape_of(of, shapes), axes)
        case Reshape(of, shape):
            return _reshaped(shape_of(of, shapes), shape)
        case Part(of, axis, index, count):
            return _part(shape_of(of, shapes), axis, index, count)
        case Join(parts, axis):
            return _joined([shape_of(each, shapes) for each in parts], axis)
        case Sum(parts) | Difference(parts):
            return _summed([shape_of(each, shapes) for each in parts])
        case Zeros(shape) | Ones(shape):
            return shape
        case _:
            assert_never(expression)


def evaluate(  # noqa: C901, PLR0911 - one for each kind
    expression: Expression, read: Callable[[str], Array]
) -> Array:
    """The array. It may be a view of what `read` gave; nothing is copied that need not be.

    Zeros and ones are float32: whoever writes them casts.
    """
    import numpy as np

    match expression:
        case Read(name):
            return read(name)
        case Transpose(of, axes):
            return np.transpose(evaluate(of, read), axes)
        case Reshape(of, shape):
            return np.reshape(evaluate(of, read), shape)
        case Part(of, axis, index, count):
            whole = evaluate(of, read)
            length = whole.shape[axis] // count
            taken = [slice(None)] * whole.ndim
            taken[axis] = slice(index * length, (index + 1) * length)
            return whole[tuple(taken)]
        case Join(parts, axis):
            return np.concatenate([evaluate(each, read) for each in parts], axis)
        case Sum(parts):
            first, *others = (evaluate(each, read) for each in parts)
            total = first.copy()
            for each in others:
                total += each
            return total
        case Difference(parts):
            first, *others = (evaluate(each, read) for each in parts)
            rest = first.copy()
            for each in others:
                rest -= each
            return rest
        case Zeros(shape):
            return np.zeros(shape, np.float32)
        case Ones(shape):
            return np.ones(shape, np.float32)
        case _:
            assert_never(expression)


def _transposed(shape: Shape, axes: tuple[int, ...]) -> Shape:
    if sorted(axes) != list(range(len(shape))):
        raise Unfit(f"the axes {list(axes)} are not those of {list(shape)}")
    return tuple(shape[each] for each in axes)


def _reshaped(shape: Shape, wanted: Shape) -> Shape:
    known = prod(each for each in wanted if each >= 0)
    open_lengths = sum(each < 0 for each in wanted)
    if open_lengths > 1 or (open_lengths and (known == 0 or prod(shape) % known)):
        raise Unfit(f"{list(shape)} cannot be reshaped to {list(wanted)}")
    found = tuple(prod(shape) // known if each < 0 else each for each in wanted)
    if prod(found) != prod(shape):
        raise Unfit(f"{list(shape)} cannot be reshaped to {list(wanted)}")
    return found


def _part(shape: Shape, axis: int, index: int, count: int) -> Shape:
    if not 0 <= axis < len(shape) or count < 1 or shape[axis] % count or not 0 <= index < count:
        raise Unfit(f"{list(shape)} has no part {index + 1} of {count} along axis {axis}")
    return (*shape[:axis], shape[axis] // count, *shape[axis + 1 :])


def _joined(shapes: list[Shape], axis: int) -> Shape:
    first = shapes[0]
    rests = {(each[:axis], each[axis + 1 :]) for each in shapes}
    if not 0 <= axis < len(first) or len(rests) != 1:
        told = ", ".join(str(list(each)) for each in shapes)
        raise Unfit(f"{told} cannot be joined along axis {axis}")
    return (*first[:axis], sum(each[axis] for each in shapes), *first[axis + 1 :])


def _summed(shapes: list[Shape]) -> Shape:
    if len(set(shapes)) != 1:
        raise Unfit(
            f"{', '.join(str(list(each)) for each in shapes)} cannot be added or subtracted"
        )
    return shapes[0]
