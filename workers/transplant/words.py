"""Words: a layout change as people say it."""

from collections.abc import Mapping
from typing import Final, assert_never

from workers.transplant.expressions import (
    Difference,
    Expression,
    Join,
    Ones,
    Part,
    Read,
    Reshape,
    Sum,
    Transpose,
    Zeros,
)

LAYOUTS: Final[Mapping[tuple[int, ...], str]] = {
    (1, 0): "transposed",
    (2, 1, 0): "WIO ↔ OIW",
    (3, 2, 0, 1): "HWIO → OIHW",
    (2, 3, 1, 0): "OIHW → HWIO",
    (2, 3, 0, 1): "depthwise HWIM ↔ IMHW",
    (4, 3, 0, 1, 2): "DHWIO → OIDHW",
    (2, 3, 4, 1, 0): "OIDHW → DHWIO",
}


def words(expression: Expression) -> str:
    """`as it is`, `HWIO → OIHW`, `3 joined along axis 0, transposed`."""
    return ", ".join(_steps(expression)) or "as it is"


def _steps(expression: Expression) -> list[str]:  # noqa: C901, PLR0911 - by kind
    match expression:
        case Read():
            return []
        case Transpose(of, axes):
            return [*_steps(of), LAYOUTS.get(axes, f"axes {list(axes)}")]
        case Reshape(of, shape):
            return [*_steps(of), f"reshaped to {list(shape)}"]
        case Part(of, axis, index, count):
            return [*_steps(of), f"part {index + 1} of {count} along axis {axis}"]
        case Join(parts, axis):
            order = reordered(expression)
            if order is not None and isinstance(parts[0], Part):
                return [*_steps(parts[0].of), f"parts in the order {list(order)}"]
            return [*_common(parts), f"{len(parts)} joined along axis {axis}"]
        case Sum(parts):
            return [*_common(parts), f"{len(parts)} added"]
        case Difference(parts):
            return [*_common(parts), f"the first of {len(parts)} less the others"]
        case Zeros():
            return ["zeros"]
        case Ones():
            return ["ones"]
        case _:
            assert_never(expression)


def _common(parts: tuple[Expression, ...]) -> list[str]:
    told = {words(each): _steps(each) for each in parts}
    return next(iter(told.values())) if len(told) == 1 else ["each changed on its own"]


def reordered(join: Join) -> tuple[int, ...] | None:
    """In which order it has all parts of one value; None where it is no such thing."""
    first, *others = join.of
    if not isinstance(first, Part) or first.axis != join.axis or first.count != len(join.of):
        return None
    parts = [each for each in (first, *others) if isinstance(each, Part)]
    alike = {(each.axis, each.count) for each in parts} == {(first.axis, first.count)}
    order = tuple(each.index for each in parts)
    whole = len(order) > 1 and sorted(order) == list(range(first.count))
    same = alike and whole and all(each.of == first.of for each in parts)
    return order if same and len(parts) == len(join.of) else None
