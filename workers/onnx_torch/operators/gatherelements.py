"""GatherElements: one element for each index, along an axis."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("GatherElements")
@textual
def gather_elements(x: Tensor, indices: Tensor, *, axis: int) -> Tensor:
    """Negative indices count from the end."""
    places = indices.long()
    return x.gather(axis, torch.where(places < 0, places + x.shape[axis], places))
