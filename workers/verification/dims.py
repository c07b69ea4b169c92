"""Dims: lengths for the dimensions of a signature that may vary."""

import ast
import operator
from collections.abc import Iterator, Mapping

from shared.domain.errors import BadSamples
from shared.domain.signatures import Signature, Tensor

BATCHES = (2, 1, 5)
"""One, a few, and an odd number: what a baked-in batch gets wrong."""

LENGTHS = (16, 7, 33, 64, 96, 224)
"""Tried in order for any other dimension: some models want enough, some a multiple of 32."""

Extents = Mapping[str, int]
"""A length for each dimension that may vary, by its name."""

BATCH = "first axis"
"""The name of every unnamed first dimension: they vary together."""

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def shape_of(tensor: Tensor, extents: Extents) -> tuple[int, ...]:
    """The input's shape in elements at those lengths.

    Raises:
        BadSamples: the shape is unknown.
    """
    if tensor.shape is None:
        raise BadSamples(
            f"The model does not say the shape of its input {tensor.name!r}: send samples.",
            field=f"samples.{tensor.name}",
        )
    return tuple(
        dim if isinstance(dim, int) else length_at(_name(tensor, axis, dim), extents)
        for axis, dim in enumerate(tensor.shape)
    )


def batch_names(signature: Signature) -> set[str]:
    """The names of the first dimensions that may vary."""
    return {
        symbol
        for each in signature.inputs
        if each.shape and not isinstance(each.shape[0], int)
        for symbol in symbols(_name(each, 0, each.shape[0]))
    }


def length_names(signature: Signature) -> set[str]:
    """The names of all other dimensions that may vary."""
    return {
        symbol
        for each in signature.inputs
        for axis, dim in enumerate(each.shape or ())
        if not isinstance(dim, int)
        for symbol in symbols(_name(each, axis, dim))
    } - batch_names(signature)


def lengths(signature: Signature) -> Iterator[dict[str, int]]:
    """Lengths for all dimensions but the batch: first all equal, then each its own."""
    names = sorted(length_names(signature))
    if not names:
        yield {}
        return
    for first in range(len(LENGTHS)):
        yield dict.fromkeys(names, LENGTHS[first])
    if len(names) > 1:
        for first in range(len(LENGTHS)):
            yield {name: LENGTHS[(first + i) % len(LENGTHS)] for i, name in enumerate(names)}


def _name(tensor: Tensor, axis: int, dim: str | None) -> str:
    if dim is not None:
        return dim
    return BATCH if axis == 0 else f"{tensor.name} axis {axis}"


def symbols(name: str) -> set[str]:
    """A dimension may be derived from others: `2*s0 + 1`."""
    tree = _parsed(name)
    if tree is None:
        return {name}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def length_at(name: str, extents: Extents) -> int:
    tree = _parsed(name)
    return extents[name] if tree is None else _value(tree.body, extents)


def _parsed(name: str) -> ast.Expression | None:
    """The arithmetic of a derived dimension; None where it is a plain name."""
    if name.isidentifier():
        return None
    try:
        tree = ast.parse(name, mode="eval")
    except SyntaxError:
        return None
    plain = (ast.Expression, ast.BinOp, ast.Name, ast.Constant, ast.Load, *_OPERATORS)
    return tree if all(isinstance(node, plain) for node in ast.walk(tree)) else None


def _value(node: ast.expr, extents: Extents) -> int:
    match node:
        case ast.Name(id=name):
            return extents[name]
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left=left, op=op, right=right):
            value: int = _OPERATORS[type(op)](_value(left, extents), _value(right, extents))
            return value
        case _:
            raise BadSamples("The model derives a dimension in a way that is not understood.")
