"""Layers: which of either side do the same work, by where their weights came from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from workers.transplant.expressions import names
from workers.transplant.moves import Transfer
from workers.weights.variables import Weights

WHOLE: Final = frozenset(
    {
        "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "TimeDistributed", "ConvLSTM2D",
        "MultiHeadAttention", "GroupedQueryAttention", "MultiheadAttention",
    }
)  # fmt: skip
"""Kinds that are looked at as one: nobody calls what is inside of them the same way twice."""


@dataclass(frozen=True, slots=True)
class Counterparts:
    """Layers that share weights through the mapping, each side in its model's order, and the
    target's variables that hold them."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    variables: tuple[str, ...]


def counterparts(transfer: Transfer, source: Weights, target: Weights) -> tuple[Counterparts, ...]:
    """One for each set of layers that are bound together, in the order of the target."""
    bound: list[tuple[set[str], set[str], list[str]]] = []
    for move in transfer.moves:
        read = {_owner(source, each) for each in names(move.value)}
        if not read:
            continue
        held = {_owner(target, move.target)}
        joined = [each for each in bound if each[0] & read or each[1] & held]
        for each in joined:
            bound.remove(each)
        bound.append(
            (
                read.union(*(each[0] for each in joined)),
                held.union(*(each[1] for each in joined)),
                [*(name for each in joined for name in each[2]), move.target],
            )
        )
    return tuple(
        Counterparts(_ordered(source, read), _ordered(target, held), tuple(variables))
        for read, held, variables in bound
    )


def held(weights: Weights, scope: str) -> frozenset[str]:
    """The variables of the layer at a scope, as `counterparts` tells it."""
    return frozenset(name for name in weights.variables if _owner(weights, name) == scope)


def _owner(weights: Weights, name: str) -> str:
    """The layer that a variable belongs to: the outermost that is looked at as one, if any."""
    scope = weights.variables[name].scope
    for each in _outer(weights, scope):
        if weights.layers[each].kind in WHOLE:
            return each
    return scope


def _outer(weights: Weights, scope: str) -> Iterator[str]:
    mark = "/" if "/" in scope else "."
    parts = scope.split(mark)
    for count in range(1, len(parts) + 1):
        path = mark.join(parts[:count])
        if path in weights.layers:
            yield path


def _ordered(weights: Weights, found: Iterable[str]) -> tuple[str, ...]:
    places = {path: place for place, path in enumerate(weights.layers)}
    return tuple(sorted(found, key=lambda each: places.get(each, len(places))))
