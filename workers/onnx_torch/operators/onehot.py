"""OneHot: a new axis that is on where an index says so."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_torch.indexing import places


@operator("OneHot")
def one_hot(indices: Tensor, depth: Number, values: Tensor, *, axis: int) -> Tensor:
    """Negative indices count from the end; those out of range are nowhere on."""
    axis = axis % (indices.ndim + 1)
    classes = torch.arange(depth, device=indices.device)
    spots = places(indices, depth).unsqueeze(axis)
    hits = spots == classes.reshape([-1] + [1] * (indices.ndim - axis))
    return torch.where(hits, values[1], values[0])
