"""LSTM: a layer of long short-term memory, one way or both."""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.gates import gates
from workers.onnx_torch.recurrence import (
    Cell,
    States,
    cells,
    native,
    parameters,
    sequences,
    stepped,
)

USUAL = ["sigmoid", "tanh", "tanh"]

MEMORY = 2
"""The place of the activation that the memory goes through; ONNX Runtime does not clip that."""


@operator("LSTM")
def lstm(  # noqa: PLR0917 - the inputs of the schema
    x: Tensor,
    w: Raw,
    r: Raw,
    b: Raw | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    initial_c: Tensor | None = None,
    p: Tensor | None = None,
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str,
    hidden_size: int,
    input_forget: int | None,
    layout: int | None,
) -> tuple[Tensor, ...]:
    """ONNX has the gates in the order input, output, forget, cell; torch another."""
    given = sequences(
        x, hidden_size, sequence_lens, [initial_h, initial_c], direction=direction, layout=layout
    )
    ways = len(given.backwards)
    names = [each.lower() for each in activations or USUAL * ways]
    bare = p is None and given.even and clip is None and not input_forget
    if names == USUAL * ways and bare:
        return native(given, torch.lstm, parameters((w, r, b), hidden_size, ways, [0, 2, 3, 1]))
    params = parameters((w, r, b), hidden_size, ways, [0, 1, 2, 3])
    functions = gates(
        names, activation_alpha, activation_beta, clip, lambda index: index % 3 != MEMORY
    )
    step = partial(_step, coupled=bool(input_forget))
    return stepped(given, cells(params, functions, p), step)


def _step(cell: Cell, x: Tensor, states: States, *, coupled: bool) -> States:
    hidden, memory = states
    gate, candidate, shown = cell.gates
    enter, leave, forget, fresh = (x + functional.linear(hidden, cell.r, cell.rb)).chunk(4, -1)
    by_leave = None
    if cell.peepholes is not None:
        by_enter, by_leave, by_forget = cell.peepholes.chunk(3, -1)
        enter, forget = enter + by_enter * memory, forget + by_forget * memory
    enter = gate(enter)
    kept = 1 - enter if coupled else gate(forget)
    memory = kept * memory + enter * candidate(fresh)
    leave = leave if by_leave is None else leave + by_leave * memory
    return [gate(leave) * shown(memory), memory]
