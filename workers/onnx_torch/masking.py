"""Masking: which keys a query may attend to, as what is added to their scores."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Reach:
    """The keys that a query sees by its place.

    Query i stands at `offset` + i: a number, or one for each example as (batch, 1, 1, 1). It
    sees none after it if `causal`, and at most `left` and `right` keys to its sides; -1 is all.
    `filled` are the keys of each example that are more than padding, (batch, 1, 1, 1).
    """

    offset: Any = 0
    causal: bool = False
    left: int = -1
    right: int = -1
    filled: Tensor | None = None

    @property
    def plain(self) -> bool:
        """Whether every query sees all keys."""
        return not self.causal and self.left < 0 and self.right < 0 and self.filled is None

    @property
    def triangle(self) -> bool:
        """Whether it is the lower triangle that torch knows."""
        plain = self.left < 0 and self.right < 0 and self.filled is None
        return self.causal and plain and isinstance(self.offset, int) and self.offset == 0

    def allowed(self, queries: Any, keys: Any, device: torch.device) -> Tensor:
        """Of shape (queries, keys), or (batch, 1, queries, keys)."""
        places = torch.arange(queries, device=device).unsqueeze(1) + self.offset
        key = torch.arange(keys, device=device).unsqueeze(0)
        rules = [
            (self.causal, key <= places),
            (self.left >= 0, key >= places - self.left),
            (self.right >= 0, key <= places + self.right),
        ]
        found = torch.ones_like(key <= places)
        for asked, rule in rules:
            found = found & rule if asked else found
        return found if self.filled is None else found & (key < self.filled)


def bias(q: Tensor, keys: Any, mask: Tensor | None, reach: Reach) -> Tensor | None:
    """0 where a query may look, minus infinity where not; None where it may look everywhere.

    Args:
        q: (batch, heads, queries, size).
        mask: booleans, or what is added to the scores; keys beyond its end may not be looked at.
    """
    added = None if mask is None else _added(mask, keys, q.dtype)
    if reach.plain:
        return added
    allowed = reach.allowed(q.shape[2], keys, q.device)
    return torch.where(allowed, 0.0 if added is None else added, float("-inf")).to(q.dtype)


def _added(mask: Tensor, keys: Any, dtype: torch.dtype) -> Tensor:
    whole = mask
    if mask.dtype == torch.bool:
        whole = torch.where(mask, 0.0, float("-inf")).to(dtype)
    missing = keys - mask.shape[-1]
    if not isinstance(missing, int) or missing > 0:
        whole = functional.pad(whole, [0, missing], value=float("-inf"))
    return whole.reshape([1] * (4 - whole.ndim) + list(whole.shape))
