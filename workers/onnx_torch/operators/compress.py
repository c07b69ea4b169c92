"""Compress: the slices along an axis for which a condition holds."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Compress")
@textual
def compress(x: Tensor, condition: Tensor, *, axis: int | None) -> Tensor:
    """Of all elements in a row, where no axis is given; a short condition is false at its end."""
    chosen = torch.nonzero(condition).squeeze(1)
    return x.reshape(-1)[chosen] if axis is None else x.index_select(axis, chosen)
