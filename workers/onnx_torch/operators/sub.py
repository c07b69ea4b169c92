"""Sub: a - b."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned
from workers.onnx_torch.unsigned import wrapped


@operator("Sub", since=1)
def sub_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return sub(a, aligned(a, b, broadcast, axis))


@operator("Sub", since=7)
def sub(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other; integers wrap around."""
    return wrapped(torch.sub, a, b)
