"""ScatterND: slices by index over several axes, replaced or joined with updates."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.indexing import long
from workers.onnx_torch.scattering import REDUCTIONS
from workers.onnx_torch.texts import textual


@operator("ScatterND")
@textual
def scatter_nd(x: Tensor, indices: Raw, updates: Tensor, *, reduction: str | None) -> Tensor:
    """The last axis of the indices has one entry for each axis that is indexed."""
    rows_of = long(indices)
    places = rows_of.unbind(-1)
    if reduction in {None, "none"}:
        return x.index_put(places, updates)
    if reduction == "add":
        return x.index_put(places, updates, accumulate=True)
    depth = rows_of.shape[-1]
    row = torch.zeros_like(places[0])
    for axis, place in enumerate(places):
        length = x.shape[axis]
        row = row * length + torch.where(place < 0, place + length, place)
    rows = x.reshape(-1, *x.shape[depth:])
    how = REDUCTIONS[reduction]
    flat = updates.reshape(-1, *x.shape[depth:])
    return rows.index_reduce(0, row.reshape(-1), flat, how).reshape(x.shape)
