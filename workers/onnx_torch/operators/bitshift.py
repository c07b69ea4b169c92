"""BitShift: the bits moved to the left or to the right."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import wrapped


@operator("BitShift")
def bitshift(x: Tensor, y: Tensor, *, direction: str) -> Tensor:
    """Out go the bits beyond the end; from the right come zeros, from the left the sign.

    A shift by all the bits or more leaves what is filled in, in torch as in ONNX.
    """
    if direction == "LEFT":
        return wrapped(torch.bitwise_left_shift, x, y)
    if x.dtype == torch.uint64:
        return _logical(x.to(torch.int64), y.to(torch.int64)).to(torch.uint64)
    return wrapped(torch.bitwise_right_shift, x, y)


def _logical(x: Tensor, y: Tensor) -> Tensor:
    """To the right, zeros from the left, whatever int64 takes for a sign."""
    once = (x >> 1) & torch.iinfo(torch.int64).max
    return torch.where(y == 0, x, once >> (y - 1))
