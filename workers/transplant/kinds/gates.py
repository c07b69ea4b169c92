"""Gates: the blocks of a recurrent layer's variables, each of so many units."""

from workers.transplant.expressions import Expression, Join, Part


def reordered(of: Expression, axis: int, order: tuple[int, ...]) -> Expression:
    """The blocks along an axis in another order: block `i` of the result was `order[i]`."""
    if order == tuple(range(len(order))):
        return of
    return Join(tuple(Part(of, axis, index, len(order)) for index in order), axis)
