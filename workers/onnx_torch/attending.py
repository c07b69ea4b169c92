"""Attending: values weighed by how well queries fit their keys."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_torch.masking import Reach, bias

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Scoring:
    """What is done to the products of queries and keys. None of `scale`: 1 / sqrt(size)."""

    scale: float | None = None
    softcap: float = 0.0
    precision: torch.dtype | None = None
    """In which the softmax is computed; that of the queries, if None."""
    score: Change | None = None
    """Done to the scores before the softmax, after `softcap` and the mask."""
    weight: Change | None = None
    """Done to the weights that the softmax gives."""


def heads_first(x: Tensor, heads: int) -> Tensor:
    """(batch, length, heads * size) as (batch, heads, length, size)."""
    parted = x.reshape(x.shape[0], x.shape[1], heads, x.shape[2] // heads)
    return parted.transpose(1, 2)


def heads_joined(x: Tensor) -> Tensor:
    """(batch, heads, length, size) as (batch, length, heads * size)."""
    return x.transpose(1, 2).flatten(2)


def shared(x: Tensor, heads: Any) -> Tensor:
    """Keys or values of fewer heads, each repeated for the group of queries that shares it."""
    if x.shape[1] == heads:
        return x
    return x.repeat_interleave(heads // x.shape[1], 1)


def attended(  # noqa: PLR0917 - what attention is of
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, reach: Reach, how: Scoring
) -> Tensor:
    """Of (batch, heads, length, size) each, by torch's own attention where that can do it.

    A query that may look nowhere gets zeros.
    """
    if how.softcap or how.precision or how.score or how.weight:
        return weighed(q, k, v, mask, reach, how)[0]
    k, v = shared(k, q.shape[1]), shared(v, q.shape[1])
    if mask is None and reach.triangle:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=how.scale)
    added = bias(q, k.shape[2], mask, reach)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=added, scale=how.scale)


def weighed(  # noqa: PLR0917 - as above
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, reach: Reach, how: Scoring
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """The same step by step.

    Returns what is attended to, and the scores as they are at first, after the softcap, after
    the mask, and as weights.
    """
    k, v = shared(k, q.shape[1]), shared(v, q.shape[1])
    factor = sqrt(how.scale) if how.scale is not None else float(q.shape[3]) ** -0.25
    raw = (q * factor) @ (k * factor).transpose(2, 3)
    capped = torch.tanh(raw / how.softcap) * how.softcap if how.softcap else raw
    added = bias(q, k.shape[2], mask, reach)
    masked = capped if added is None else capped + added
    scores = masked.to(how.precision) if how.precision else masked
    if how.score:
        scores = how.score(scores)
    weights = scores.softmax(-1)
    if added is not None:
        nowhere = (added == float("-inf")).all(-1, keepdim=True)
        weights = torch.where(nowhere, 0, weights)
    if how.weight:
        weights = how.weight(weights)
    last = weights.to(q.dtype)
    return last @ v, (raw, capped, masked, last)
