"""Padded examples: ONNX Runtime's ways of saying which keys are padding."""

import torch
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate

FILTER = -10000.0
"""What is added to the scores of padding, unless a node has its own."""


def filtered(mask: Tensor, batch: int, keys: int, value: float | None) -> Tensor:
    """What is added to scores: 0, or `value` for padding; it can be broadcast to (batch, heads,
    queries, keys).

    Args:
        mask: how many keys are none, (batch); or 1 for those, (batch, keys), (batch, queries,
            keys) or (batch, 1, queries, keys).

    Raises:
        CannotTranslate: it says where the first of them is, (2 * batch) or (3 * batch + 2).
    """
    if mask.ndim == 1:
        if isinstance(mask.shape[0], int) and isinstance(batch, int) and mask.shape[0] != batch:
            raise CannotTranslate("has padding before its keys")
        place = torch.arange(keys, device=mask.device)
        kept = place < mask.reshape(-1, 1, 1, 1)
    else:
        kept = mask != 0
        if mask.ndim == 2:  # noqa: PLR2004 - the same for all queries
            kept = kept.unsqueeze(1)
        if kept.ndim == 3:  # noqa: PLR2004 - the same for all heads
            kept = kept.unsqueeze(1)
    return torch.where(kept, 0.0, FILTER if value is None else value)


def joined(mask: Tensor | None, bias: Tensor | None, like: Tensor) -> Tensor | None:
    """Both, where there are both, in the type of the queries."""
    given = [each for each in (mask, bias) if each is not None]
    return sum(given[1:], given[0]).to(like.dtype) if given else None
