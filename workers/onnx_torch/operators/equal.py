"""Equal: true where both are the same."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.alignment import aligned


@operator("Equal", since=1)
def equal_1(a: Tensor, b: Tensor, *, broadcast: int | None, axis: int | None) -> Tensor:
    """B is joined to A by `broadcast` and `axis`."""
    return a == aligned(a, b, broadcast, axis)


@operator("Equal", since=7)
def equal(a: Tensor, b: Tensor) -> Tensor:
    """Broadcast to each other. Strings, which are numpy's, are compared there."""
    one: Any = a
    if isinstance(one, np.ndarray):
        return torch.as_tensor(np.asarray(one == b, dtype=bool))
    return a == b
