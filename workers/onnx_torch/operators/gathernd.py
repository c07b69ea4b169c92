"""GatherND: slices by index over several axes."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.indexing import long
from workers.onnx_torch.texts import textual


@operator("GatherND")
@textual
def gather_nd(x: Tensor, indices: Raw, *, batch_dims: int | None) -> Tensor:
    """The last axis of the indices has one entry for each axis that is indexed."""
    batch, each_place = batch_dims or 0, long(indices)
    before = [
        torch.arange(x.shape[axis], device=x.device).reshape(
            [-1 if each == axis else 1 for each in range(each_place.ndim - 1)]
        )
        for axis in range(batch)
    ]
    return x[(*before, *each_place.unbind(-1))]
