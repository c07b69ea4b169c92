"""TensorScatter: new entries written into a cache, from a place of its own for each row."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("TensorScatter")
def tensor_scatter(
    past_cache: Tensor,
    update: Tensor,
    write_indices: Tensor | None = None,
    *,
    axis: int,
    mode: str,
) -> Tensor:
    """In a circular cache what goes beyond the end goes on at the start."""
    axis = axis % past_cache.ndim
    step = torch.arange(update.shape[axis], device=update.device)
    places = step[None] if write_indices is None else write_indices.long()[:, None] + step
    if mode == "circular":
        places = places % past_cache.shape[axis]
    shape = [places.shape[0], *[1] * (update.ndim - 1)]
    shape[axis] = places.shape[1]
    return past_cache.scatter(axis, places.reshape(shape).expand(update.shape), update)
