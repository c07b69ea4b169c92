"""GRU: a layer of gated recurrent units, one way or both."""

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

USUAL = ["sigmoid", "tanh"]


@operator("GRU")
def gru(  # noqa: PLR0917 - the inputs of the schema
    x: Tensor,
    w: Raw,
    r: Raw,
    b: Raw | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    activation_alpha: list[float] | None,
    activation_beta: list[float] | None,
    activations: list[str] | None,
    clip: float | None,
    direction: str,
    hidden_size: int,
    layout: int | None,
    linear_before_reset: int | None,
) -> tuple[Tensor, ...]:
    """torch resets what the hidden state was mapped to; ONNX, unless told, the state before."""
    given = sequences(
        x, hidden_size, sequence_lens, [initial_h], direction=direction, layout=layout
    )
    ways = len(given.backwards)
    names = [each.lower() for each in activations or USUAL * ways]
    if names == USUAL * ways and linear_before_reset and clip is None and given.even:
        return native(given, torch.gru, parameters((w, r, b), hidden_size, ways, [1, 0, 2]))
    params = parameters((w, r, b), hidden_size, ways, [0, 1, 2])
    functions = gates(names, activation_alpha, activation_beta, clip)
    step = partial(_step, after=bool(linear_before_reset))
    return stepped(given, cells(params, functions), step)


def _step(cell: Cell, x: Tensor, states: States, *, after: bool) -> States:
    (hidden,) = states
    gate, candidate = cell.gates
    size = hidden.shape[-1]
    mapped = functional.linear(hidden, cell.r[: 2 * size], cell.rb[: 2 * size])
    update, reset = gate(x[:, : 2 * size] + mapped).chunk(2, -1)
    weights, bias = cell.r[2 * size :], cell.rb[2 * size :]
    if after:
        recalled = reset * functional.linear(hidden, weights, bias)
    else:
        recalled = functional.linear(reset * hidden, weights, bias)
    fresh = candidate(x[:, 2 * size :] + recalled)
    return [(1 - update) * fresh + update * hidden]
