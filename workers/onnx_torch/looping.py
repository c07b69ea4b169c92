"""Looping: bodies that are run again and again, written out or as one node of a program."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_torch.knowing import tensor


def scanned(
    body: Body, states: list[Tensor], read: list[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """The last states, and the other outputs of all steps along a new first axis.

    `read` are gone through along their first axis.
    """
    steps = read[0].shape[0]
    if not isinstance(steps, int):
        raise CannotTranslate(
            "goes through an axis whose length varies",
            hint="Fix the length of that axis with the wish `shape`.",
        )
    slices: list[list[Tensor]] = []
    for step in range(steps):
        made = [tensor(each) for each in body(*states, *(each[step] for each in read))]
        states, fresh = made[: len(states)], made[len(states) :]
        slices.append(fresh)
    return states, [torch.stack(list(each)) for each in zip(*slices, strict=True)]


def looped(trips: Any, condition: Any, carried: list[Any], body: Body) -> tuple[Any, ...]:
    """A loop whose end depends on the input, as one node."""
    raise CannotTranslate(
        "ends when the data say so",
        hint="Such a loop can be run but not be exported.",
    )
