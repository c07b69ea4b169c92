"""Gather: slices along an axis, by index."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_torch.indexing import long
from workers.onnx_torch.texts import textual


@operator("Gather")
@textual
def gather(x: Tensor, indices: Raw, *, axis: int) -> Tensor:
    """torch's index counts from the end as ONNX does; one that is known is a slice."""
    axis = axis % x.ndim
    if isinstance(indices, Constant | Symbols) and indices.array.ndim == 0:
        place = indices.array[()]
        return x.select(axis, int(place) if isinstance(indices, Constant) else place)
    return torch.ops.aten.index.Tensor(x, [None] * axis + [long(indices)])
