"""Recurrence: what RNN, GRU and LSTM share, which is all but what a cell does in a step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.values import Constant
from workers.onnx_torch.dtypes import tensor_of
from workers.onnx_torch.gates import Gate
from workers.onnx_torch.looping import rolled
from workers.onnx_torch.timesteps import reversed_in_time, within

States = list[Tensor]
Step = Callable[["Cell", Tensor, States], States]


@dataclass(frozen=True, slots=True)
class Cell:
    """The weights of one direction: (gates * hidden, input), (gates * hidden, hidden), biases."""

    w: Tensor
    r: Tensor
    wb: Tensor
    rb: Tensor
    gates: Sequence[Gate]
    peepholes: Tensor | None = None

    @property
    def weights(self) -> list[Tensor]:
        """Those that every step reads."""
        return [self.r, self.rb, *([] if self.peepholes is None else [self.peepholes])]

    def with_weights(self, weights: Sequence[Tensor]) -> "Cell":
        """The same cell with others in their place."""
        peepholes = None if self.peepholes is None else weights[2]
        return replace(self, r=weights[0], rb=weights[1], peepholes=peepholes)


@dataclass(frozen=True, slots=True)
class Sequences:
    """What is run through: `x` (time, batch, input), states (directions, batch, hidden)."""

    x: Tensor
    lengths: Tensor | None
    states: States
    backwards: Sequence[bool]
    batch_first: bool

    @property
    def even(self) -> bool:
        """Whether torch's layers take them: sequences of one length, which a program fixes."""
        return self.lengths is None and isinstance(self.x.shape[0], int)

    def given_back(self, y: Tensor, states: States) -> tuple[Tensor, ...]:
        """`y` (time, directions, batch, hidden) and the last states in the node's layout."""
        if not self.batch_first:
            return (y, *states)
        return (y.permute(2, 0, 1, 3), *(each.transpose(0, 1) for each in states))


def sequences(
    x: Tensor,
    hidden: int,
    lengths: Tensor | None,
    states: Sequence[Tensor | None],
    *,
    direction: str,
    layout: int | None,
) -> Sequences:
    """Time first, in whichever layout it came, and states that are left out as zeros."""
    backwards = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
    ways = backwards[direction]
    x = x.transpose(0, 1) if layout else x
    zeros = (len(ways), x.shape[1], hidden)
    first = [
        x.new_zeros(zeros) if each is None else each.transpose(0, 1) if layout else each
        for each in states
    ]
    return Sequences(x, lengths, first, ways, bool(layout))


def stepped(given: Sequences, cells: Sequence[Cell], step: Step) -> tuple[Tensor, ...]:
    """A step at a time: for what torch's own layers do not know."""
    ys, lasts = [], []
    for index, (cell, back) in enumerate(zip(cells, given.backwards, strict=True)):
        y, last = _one_way(given, cell, step, [each[index] for each in given.states], back=back)
        ys.append(y)
        lasts.append(last)
    states = [torch.stack(each) for each in zip(*lasts, strict=True)]
    return given.given_back(torch.stack(ys, 1), states)


def _one_way(
    given: Sequences, cell: Cell, step: Step, states: States, *, back: bool
) -> tuple[Tensor, States]:
    x = reversed_in_time(given.x, given.lengths) if back else given.x
    read = [functional.linear(x, cell.w, cell.wb)]
    if given.lengths is not None:
        read.append(within(x, given.lengths))

    def once(
        operands: Sequence[Tensor], states: Sequence[Tensor], slices: Sequence[Tensor]
    ) -> tuple[States, States]:
        fresh = step(cell.with_weights(operands), slices[0], list(states))
        if len(slices) == 1:
            return fresh, fresh[:1]
        inside = slices[1]
        pairs = zip(fresh, states, strict=True)
        return [torch.where(inside, new, old) for new, old in pairs], [
            torch.where(inside, fresh[0], 0)
        ]

    last, (y,) = rolled(once, cell.weights, states, read)
    return (reversed_in_time(y, given.lengths) if back else y), last


def native(
    given: Sequences, run: Callable[..., Any], params: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """torch's own layer `run` over whole sequences, both ways at once."""
    both = len(given.backwards) > 1
    x = given.x.flip(0) if given.backwards == [True] else given.x
    states = given.states[0] if len(given.states) == 1 else given.states
    y, *last = run(x, states, params, True, 1, 0.0, False, both, False)  # noqa: FBT003 - torch's own order
    if given.backwards == [True]:
        y = y.flip(0)
    y = y.unflatten(-1, (len(given.backwards), -1)).transpose(1, 2)
    return given.given_back(y, last)


def parameters(
    weights: Sequence[Any], hidden: int, directions: int, order: Sequence[int]
) -> list[Tensor]:
    """Weights as torch's layers take them: by direction w, r, and the biases of either.

    `weights` are the node's W, R and B. The gates, which ONNX has in an order of its own, come
    in `order`; those of weights that the file holds are put so here and not by the program.
    """
    w, r, b = weights
    found = []
    for way in range(directions):
        one, two = _part(w, way), _part(r, way)
        found += [_ordered(one, hidden, order), _ordered(two, hidden, order)]
        count = len(order) * hidden
        if b is None:
            found += [_zeros(one, count)] * 2
            continue
        both = _part(b, way)
        found += [_ordered(both[:count], hidden, order), _ordered(both[count:], hidden, order)]
    return found


def cells(
    params: Sequence[Tensor], gates: Sequence[Gate], peepholes: Tensor | None = None
) -> list[Cell]:
    """One for each direction, of parameters in ONNX's own order."""
    ways = len(params) // 4
    each = len(gates) // ways
    return [
        Cell(
            w=params[4 * way],
            r=params[4 * way + 1],
            wb=params[4 * way + 2],
            rb=params[4 * way + 3],
            gates=gates[each * way : each * (way + 1)],
            peepholes=None if peepholes is None else peepholes[way],
        )
        for way in range(ways)
    ]


def _part(value: Any, way: int) -> Any:
    return value.array[way] if isinstance(value, Constant) else value[way]


def _ordered(value: Any, hidden: int, order: Sequence[int]) -> Tensor:
    straight = list(order) == sorted(order)
    blocks = [value[gate * hidden : (gate + 1) * hidden] for gate in order]
    if isinstance(value, np.ndarray):
        return tensor_of(value if straight else np.concatenate(blocks))
    return value if straight else torch.cat(blocks)


def _zeros(like: Any, count: int) -> Tensor:
    if isinstance(like, np.ndarray):
        return tensor_of(np.zeros(count, like.dtype))
    return like.new_zeros(count)
