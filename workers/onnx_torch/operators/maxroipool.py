"""MaxRoiPool: the greatest of each cell of a grid laid over each region."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("MaxRoiPool")
def max_roi_pool(
    x: Tensor, rois: Tensor, *, pooled_shape: list[int], spatial_scale: float
) -> Tensor:
    """A region is (batch, x1, y1, x2, y2), its ends rounded to pixels and within it."""
    image = x[rois[:, 0].long()]
    corners = torch.floor(rois[:, 1:] * spatial_scale + 0.5)
    rows = _cells(corners[:, 1], corners[:, 3], pooled_shape[0], x.shape[2])
    columns = _cells(corners[:, 0], corners[:, 2], pooled_shape[1], x.shape[3])
    away = torch.finfo(x.dtype).min
    wide = torch.where(columns[:, None, None], image[:, :, :, None], away).amax(-1)
    best = torch.where(rows[:, None, :, None], wide.transpose(2, 3)[:, :, None], away).amax(-1)
    bare = ~(rows.any(-1)[:, None, :, None] & columns.any(-1)[:, None, None, :])
    return best.masked_fill(bare, 0)


def _cells(first: Tensor, last: Tensor, count: int, length: int) -> Tensor:
    """Which pixels of an axis each cell has; (regions, count, length)."""
    size = (last - first + 1).clamp(min=1) / count
    cell = torch.arange(count, device=first.device, dtype=first.dtype)
    begins = torch.floor(cell * size[:, None]) + first[:, None]
    ends = torch.ceil((cell + 1) * size[:, None]) + first[:, None]
    pixel = torch.arange(length, device=first.device, dtype=first.dtype)
    return (pixel >= begins[..., None]) & (pixel < ends[..., None])
