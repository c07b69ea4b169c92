"""Looping: steps that are taken again and again, written out or as one call of a program."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant
from workers.onnx_torch.knowing import number, truth
from workers.onnx_torch.operands import lifted

Step = Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]], Any]
"""From operands, states and slices to the next states and what the step gives."""

LONGEST: Final = 256
"""Steps that are written out, in a program."""


TRUE: Final = Constant(np.array(True))  # noqa: FBT003 - a value, not a switch


class _MayEnd(Exception):
    """The loop's condition is one of its results, so that it may end early."""


def rolled(
    step: Step,
    operands: Sequence[Tensor],
    states: Sequence[Tensor],
    read: Sequence[Tensor],
    longest: int = LONGEST,
) -> tuple[list[Tensor], list[Tensor]]:
    """The last states, and what all steps give along a new first axis.

    `read` are gone through along their first axis. Only where a program is made, and the axis
    is longer than `longest` or may vary, it is one call of it.
    """
    count = read[0].shape[0]
    if not isinstance(count, int) or (torch.compiler.is_exporting() and count > longest):
        return _called(step, operands, states, read)
    now, slices = list(states), []
    for index in range(count):
        now, made = step(operands, now, [each[index] for each in read])
        slices.append(made)
    return now, [torch.stack(list(each)) for each in zip(*slices, strict=True)]


def _called(
    step: Step, operands: Sequence[Tensor], states: Sequence[Tensor], read: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    ends = len(states), len(states) + len(read)

    def combine(*given: Tensor) -> list[Tensor]:
        states, slices, operands = given[: ends[0]], given[ends[0] : ends[1]], given[ends[1] :]
        after, made = step(operands, states, slices)
        return [each.clone() for each in (*after, *made)]

    first = [each.clone() for each in states]
    found = torch.ops.higher_order.scan(combine, first, list(read), tuple(operands))
    return list(found[: ends[0]]), list(found[ends[0] :])


def scanned(
    body: Body, states: list[Tensor], read: list[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """A body over slices; its outputs are the states, then what it gives."""
    held = lifted(body)

    def step(
        operands: Sequence[Tensor], states: Sequence[Tensor], slices: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        made = held.given(operands)(*states, *slices)
        tensors = [body.tensor(each) for each in made]
        return tensors[: len(states)], tensors[len(states) :]

    return rolled(step, held.tensors, states, read)


def looped(trips: Any, condition: Any, carried: list[Any], body: Body) -> tuple[Tensor, ...]:
    """A loop of which only the input says how often it is gone through."""
    states = [body.tensor(each) for each in carried]
    if trips is not None and (condition is None or truth(condition)):
        try:
            return _counted(trips, states, body)
        except _MayEnd:
            pass
    if len(body.graph.outputs) > 1 + len(carried):
        raise CannotTranslate(
            "ends when its data say so, and gathers results until then",
            hint="An exported program can only carry values on in such a loop.",
        )
    return _awaited(trips, condition, states, body)


def _counted(trips: Any, states: list[Tensor], body: Body) -> tuple[Tensor, ...]:
    """As many times as the number says, which is known before."""
    held = lifted(body)

    def step(
        operands: Sequence[Tensor], states: Sequence[Tensor], slices: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        going, *made = held.given(operands)(slices[0], TRUE, *states)
        if truth(going) is not True:
            raise _MayEnd
        tensors = [body.tensor(each) for each in made]
        return tensors[: len(states)], tensors[len(states) :]

    count = number(trips)
    last, slices = rolled(step, held.tensors, states, [torch.arange(count)])
    return (*last, *slices)


def _awaited(trips: Any, condition: Any, states: list[Tensor], body: Body) -> tuple[Tensor, ...]:
    """As long as the condition holds, and no more often than `trips` if that is given."""
    held = lifted(body)
    limit = [] if trips is None else [body.tensor(trips).reshape(())]
    going = body.tensor(TRUE if condition is None else condition).reshape(()).clone()
    count = 2 + len(states)

    def goes_on(*given: Tensor) -> Tensor:
        return given[1] & (given[0] < given[-1]) if limit else given[1].clone()

    def step(*given: Tensor) -> tuple[Tensor, ...]:
        operands = given[count : count + len(held.tensors)]
        going, *made = held.outputs(operands, *given[:count])
        return (given[0] + 1, going.reshape(()), *made)

    first = (torch.zeros((), dtype=torch.int64), going, *(each.clone() for each in states))
    found = torch.ops.higher_order.while_loop(goes_on, step, first, (*held.tensors, *limit))
    return tuple(found[2:])
