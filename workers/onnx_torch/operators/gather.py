"""Gather: slices along an axis, by index."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_torch.dtypes import tensor_of
from workers.onnx_torch.texts import textual


@operator("Gather")
@textual
def gather(x: Tensor, indices: Raw, *, axis: int) -> Tensor:
    """Indices may count from the end.

    Those that the file holds are seen here, so that none of that is left in a graph.
    """
    axis = axis % x.ndim
    if isinstance(indices, Symbols):
        rows = [x.select(axis, each) for each in indices.array.reshape(-1)]
        found = torch.stack(rows, axis)
        return _placed(found, x, axis, indices.array.shape)
    if isinstance(indices, Constant):
        if indices.array.ndim == 0:
            return x.select(axis, int(indices.array))
        length = x.shape[axis]
        places = tensor_of(indices.array).long()
        if bool((indices.array < 0).any()):
            places = torch.where(places < 0, places + length, places)
    else:
        places = indices.long()
        places = torch.where(places < 0, places + x.shape[axis], places)
    if places.ndim == 1:
        return x.index_select(axis, places)
    return _placed(x.index_select(axis, places.reshape(-1)), x, axis, places.shape)


def _placed(found: Tensor, x: Tensor, axis: int, shape: Any) -> Tensor:
    """With the axes of the indices where there was one."""
    return found.reshape(*x.shape[:axis], *shape, *x.shape[axis + 1 :])
