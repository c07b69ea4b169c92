"""Changes: what a mapping file does to a value, one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from workers.transplant.expressions import (
    Expression,
    Join,
    Part,
    Reshape,
    Shape,
    Transpose,
    Unfit,
    shape_of,
)


@dataclass(frozen=True, slots=True)
class Permute:
    """Axis `i` of the result is axis `axes[i]`."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refold:
    """The same elements in row-major order. `axis 2` is as long as that axis of what it is of."""

    lengths: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Squeeze:
    """An axis of length 1 less."""

    axis: int


@dataclass(frozen=True, slots=True)
class Expand:
    """An axis of length 1 more."""

    axis: int


@dataclass(frozen=True, slots=True)
class Take:
    """Part `index` of `count` equal ones along an axis."""

    axis: int
    index: int
    count: int


@dataclass(frozen=True, slots=True)
class Reorder:
    """As many equal parts as `order` has numbers, the first of them part `order[0]`."""

    axis: int
    order: tuple[int, ...]


Change = Permute | Refold | Squeeze | Expand | Take | Reorder


def changed(change: Change, of: Expression, shapes: Mapping[str, Shape]) -> Expression:
    """The value after the change.

    Raises:
        Unfit: the change does not go with the shape.
    """
    match change:
        case Permute(axes):
            found: Expression = Transpose(of, axes)
        case Refold(lengths):
            found = _refolded(of, lengths, shapes)
        case Squeeze(axis):
            shape = shape_of(of, shapes)
            if axis >= len(shape) or shape[axis] != 1:
                raise Unfit(f"axis {axis} of {list(shape)} has not length 1")
            found = Reshape(of, shape[:axis] + shape[axis + 1 :])
        case Expand(axis):
            shape = shape_of(of, shapes)
            if axis > len(shape):
                raise Unfit(f"{list(shape)} can have no new axis {axis}")
            found = Reshape(of, (*shape[:axis], 1, *shape[axis:]))
        case Take(axis, index, count):
            found = Part(of, axis, index, count)
        case Reorder(axis, order):
            parts = tuple(Part(of, axis, each, len(order)) for each in order)
            found = Join(parts, axis)
        case _:
            assert_never(change)
    shape_of(found, shapes)
    return found


def undone(change: Change) -> Change | None:
    """What leads back; None where shapes would have to be known for it."""
    match change:
        case Permute(axes):
            return Permute(tuple(axes.index(each) for each in range(len(axes))))
        case Squeeze(axis):
            return Expand(axis)
        case Expand(axis):
            return Squeeze(axis)
        case Reorder(axis, order):
            return Reorder(axis, tuple(order.index(each) for each in range(len(order))))
        case Refold() | Take():
            return None
        case _:
            assert_never(change)


def _refolded(
    of: Expression, lengths: tuple[int | str, ...], shapes: Mapping[str, Shape]
) -> Expression:
    shape = shape_of(of, shapes)
    wanted = []
    for each in lengths:
        axis = int(each.removeprefix("axis ")) if isinstance(each, str) else None
        if axis is not None and axis >= len(shape):
            raise Unfit(f"{list(shape)} has no axis {axis}")
        wanted.append(shape[axis] if axis is not None else int(each))
    return Reshape(of, tuple(wanted))
