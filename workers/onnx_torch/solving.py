"""Solving: a matrix that decays and is written to in each step, for all steps at once.

With u_s for what step s writes, and G_t for the decays up to step t added up (they are
logarithms), the state is S_t = e^(G_t) S_0 + sum over s <= t of e^(G_t - G_s) k_s u_s. Under the
delta rule u_t = beta_t (v_t - k_t e^(G_t) S_0 - sum over s < t of (k_t e^(G_t - G_s) k_s) u_s):
linear equations with a triangular matrix. No exponent above is positive, so nothing overflows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Steps:
    """Keys and values by (batch, heads, steps, size).

    `decay` has as many features as a key has, or 1. With `beta`, (batch, heads or 1, steps, 1),
    what a key finds is corrected, not added to.
    """

    keys: Tensor
    values: Tensor
    decay: Tensor | None
    beta: Tensor | None


def run(
    steps: Steps, start: Tensor, queries: Tensor, shared: Callable[[Tensor, Any], Tensor]
) -> tuple[Tensor, Tensor]:
    """What queries read after each step, and the state after the last.

    `shared` repeats heads for the queries that share them.
    """
    keys = steps.keys
    decay = keys.new_zeros(keys.shape[:3]).unsqueeze(3) if steps.decay is None else steps.decay
    total = decay.cumsum(2)
    written = _written(steps, start, total)
    heads = queries.shape[1]
    of_queries = shared(total, heads)
    weights = _weights(queries, shared(keys, heads), of_queries)
    read = (queries * of_queries.exp()) @ shared(start, heads) + weights @ shared(written, heads)
    last = total[:, :, -1:]
    kept = (keys * (last - total).exp()).transpose(2, 3) @ written
    return read, last.exp().transpose(2, 3) * start + kept


def _written(steps: Steps, start: Tensor, total: Tensor) -> Tensor:
    """What each step writes, as the delta rule wants it; or the values themselves."""
    if steps.beta is None:
        return steps.values
    keys = steps.keys
    earlier = _weights(keys, keys, total).tril(-1)
    wanted = steps.values - (keys * total.exp()) @ start
    return torch.linalg.solve_triangular(
        steps.beta * earlier, steps.beta * wanted, upper=False, unitriangular=True
    )


def _weights(one: Tensor, other: Tensor, total: Tensor) -> Tensor:
    """By step and earlier step, how much of the one's product with the other is left: 0 ahead."""
    ahead = torch.ones(one.shape[2], one.shape[2], dtype=torch.bool, device=one.device).triu(1)
    between = total.unsqueeze(3) - total.unsqueeze(2)
    left = between.masked_fill(ahead.unsqueeze(-1), float("-inf")).exp()
    if total.shape[3] == 1:
        return (one @ other.transpose(2, 3)) * left.squeeze(-1)
    return (one.unsqueeze(3) * other.unsqueeze(2) * left).sum(-1)
