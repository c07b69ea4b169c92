"""ScatterElements: one update for each index, along an axis."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.scattering import REDUCTIONS
from workers.onnx_torch.texts import textual


@operator("ScatterElements")
@textual
def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, *, axis: int, reduction: str | None
) -> Tensor:
    """Negative indices count from the end."""
    places = indices.long()
    places = torch.where(places < 0, places + x.shape[axis], places)
    if reduction in {None, "none"}:
        return x.scatter(axis, places, updates)
    return x.scatter_reduce(axis, places, updates, REDUCTIONS[reduction], include_self=True)
