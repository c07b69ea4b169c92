"""Simplifying: layout changes that undo one another are left out."""

from collections.abc import Mapping
from typing import assert_never

from workers.transplant.expressions import (
    Difference,
    Expression,
    Join,
    Ones,
    Part,
    Read,
    Reshape,
    Shape,
    Sum,
    Transpose,
    Zeros,
    shape_of,
)


def substituted(  # noqa: PLR0911 - one for each kind
    of: Expression, values: Mapping[str, Expression]
) -> Expression:
    """With each `Read` of a name that has a value replaced by it."""
    match of:
        case Read(name):
            return values.get(name, of)
        case Transpose(inner, axes):
            return Transpose(substituted(inner, values), axes)
        case Reshape(inner, shape):
            return Reshape(substituted(inner, values), shape)
        case Part(inner, axis, index, count):
            return Part(substituted(inner, values), axis, index, count)
        case Join(parts, axis):
            return Join(tuple(substituted(each, values) for each in parts), axis)
        case Sum(parts):
            return Sum(tuple(substituted(each, values) for each in parts))
        case Difference(parts):
            return Difference(tuple(substituted(each, values) for each in parts))
        case Zeros() | Ones():
            return of
        case _:
            assert_never(of)


def simplified(  # noqa: PLR0911 - one for each kind
    of: Expression, shapes: Mapping[str, Shape]
) -> Expression:
    """The same value by fewer steps. `shapes` are those of the source's variables."""
    match of:
        case Transpose(inner, axes):
            return _transpose(simplified(inner, shapes), axes)
        case Reshape(inner, shape):
            return _reshape(simplified(inner, shapes), shape, shapes)
        case Part(inner, axis, index, count):
            return _part(simplified(inner, shapes), axis, index, count, shapes)
        case Join(parts, axis):
            return _join(tuple(simplified(each, shapes) for each in parts), axis)
        case Sum(parts):
            return _sum(tuple(simplified(each, shapes) for each in parts))
        case Difference(parts):
            first, *others = (simplified(each, shapes) for each in parts)
            told = tuple(each for each in others if not isinstance(each, Zeros))
            return Difference((first, *told)) if told else first
        case Read() | Zeros() | Ones():
            return of
        case _:
            assert_never(of)


def _transpose(inner: Expression, axes: tuple[int, ...]) -> Expression:
    """Turned as near to what is read as can be, so that what undoes it is met."""
    match inner:
        case Transpose(of, first):
            return _transpose(of, tuple(first[each] for each in axes))
        case Zeros(shape) | Ones(shape):
            return type(inner)(tuple(shape[each] for each in axes))
        case Part(of, axis, index, count):
            return Part(_transpose(of, axes), axes.index(axis), index, count)
        case Join(parts, axis):
            return _join(tuple(_transpose(each, axes) for each in parts), axes.index(axis))
        case _:
            return inner if axes == tuple(range(len(axes))) else Transpose(inner, axes)


def _reshape(inner: Expression, shape: Shape, shapes: Mapping[str, Shape]) -> Expression:
    while isinstance(inner, Reshape):
        inner = inner.of
    if isinstance(inner, Zeros | Ones):
        return type(inner)(shape)
    return inner if shape_of(inner, shapes) == shape else Reshape(inner, shape)


def _part(
    inner: Expression, axis: int, index: int, count: int, shapes: Mapping[str, Shape]
) -> Expression:
    if count == 1:
        return inner
    if isinstance(inner, Join) and inner.axis == axis and len(inner.of) == count:
        lengths = {shape_of(each, shapes)[axis] for each in inner.of}
        if len(lengths) == 1:
            return inner.of[index]
    if isinstance(inner, Zeros | Ones):
        rest = inner.shape[axis + 1 :]
        return type(inner)((*inner.shape[:axis], inner.shape[axis] // count, *rest))
    return Part(inner, axis, index, count)


def _join(parts: tuple[Expression, ...], axis: int) -> Expression:
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Part) and first.axis == axis and first.count == len(parts):
        whole = tuple(Part(first.of, axis, each, len(parts)) for each in range(len(parts)))
        if parts == whole:
            return first.of
    return Join(parts, axis)


def _sum(parts: tuple[Expression, ...]) -> Expression:
    """Zeros change nothing, as long as something else is added."""
    told = tuple(each for each in parts if not isinstance(each, Zeros)) or parts[:1]
    return told[0] if len(told) == 1 else Sum(told)
