"""Unique: each element once, or each slice along an axis."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Unique")
@textual
def unique(
    x: Tensor,
    *,
    axis: int | None,
    sorted: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sorted, or as they first came."""
    flat = x.reshape(-1) if axis is None else x
    along = 0 if axis is None else axis
    if axis is None:
        values, places, counts = torch.unique(flat, return_inverse=True, return_counts=True)
    else:
        values, places, counts = torch.unique(
            flat, return_inverse=True, return_counts=True, dim=axis
        )
    position = torch.arange(places.shape[0], device=x.device)
    first = torch.full_like(counts, places.shape[0]).scatter_reduce(0, places, position, "amin")
    if not sorted:
        order = first.argsort()
        values, counts, first = values.index_select(along, order), counts[order], first[order]
        places = order.argsort()[places]
    return values, first, places, counts
