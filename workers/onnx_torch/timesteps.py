"""Time steps: sequences of different lengths in one tensor, time first and batch second."""

import torch
from torch import Tensor


def reversed_in_time(x: Tensor, lengths: Tensor | None) -> Tensor:
    """The first so many steps of each sequence backwards, what follows them as it was.

    `x` is (time, batch, ...); `lengths` (batch,); None: all of every sequence.
    """
    if lengths is None:
        return x.flip(0)
    step = torch.arange(x.shape[0], device=x.device)[:, None]
    last = lengths.long() - 1
    places = torch.where(step <= last, last - step, step)
    sequence = torch.arange(x.shape[1], device=x.device)
    return x[places, sequence]


def within(x: Tensor, lengths: Tensor) -> Tensor:
    """Which steps of (time, batch, ...) lie within their sequences; (time, batch, 1)."""
    step = torch.arange(x.shape[0], device=x.device)[:, None]
    return (step < lengths)[..., None]
