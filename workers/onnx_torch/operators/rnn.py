"""RNN: a layer of plain recurrent cells, one way or both."""

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

LAYERS = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}


@operator("RNN")
def rnn(  # noqa: PLR0917 - the inputs of the schema
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
) -> tuple[Tensor, ...]:
    """Ht = f(Xt Wi + Ht-1 Ri + Wbi + Rbi)."""
    given = sequences(
        x, hidden_size, sequence_lens, [initial_h], direction=direction, layout=layout
    )
    ways = len(given.backwards)
    names = [each.lower() for each in (activations or ["Tanh"] * ways)]
    params = parameters((w, r, b), hidden_size, ways, [0])
    plain = len(set(names)) == 1 and names[0] in LAYERS
    if plain and clip is None and given.even:
        return native(given, LAYERS[names[0]], params)
    functions = gates(names, activation_alpha, activation_beta, clip)
    return stepped(given, cells(params, functions), _step)


def _step(cell: Cell, x: Tensor, states: States) -> States:
    return [cell.gates[0](x + functional.linear(states[0], cell.r, cell.rb))]
