"""com.microsoft.CDist: the distance of each row of one matrix from each of another."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("CDist")
def cdist(a: Tensor, b: Tensor, *, metric: str | None) -> Tensor:
    """Squared, unless `metric` is euclidean."""
    if metric == "euclidean":
        return torch.cdist(a, b)
    return (a[:, None] - b).square().sum(-1)
