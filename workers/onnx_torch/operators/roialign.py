"""RoiAlign: each region sampled between pixels, by a grid of cells."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("RoiAlign")
def roi_align_10(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    mode: str,
    output_height: int,
    output_width: int,
    sampling_ratio: int,
    spatial_scale: float,
) -> Tensor:
    """Before version 16 no half pixel was taken off, and regions were a pixel large at least."""
    return roi_align(
        x,
        rois,
        batch_indices,
        coordinate_transformation_mode="output_half_pixel",
        mode=mode,
        output_height=output_height,
        output_width=output_width,
        sampling_ratio=sampling_ratio,
        spatial_scale=spatial_scale,
    )


@operator("RoiAlign", since=16)
def roi_align(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    coordinate_transformation_mode: str,
    mode: str,
    output_height: int,
    output_width: int,
    sampling_ratio: int,
    spatial_scale: float,
) -> Tensor:
    """`avg` sums pixels by their weights along each axis; no point is laid out for it."""
    half = coordinate_transformation_mode == "half_pixel"
    corners = rois * spatial_scale - (0.5 if half else 0.0)
    start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    size = size if half else size.clamp(min=1.0)
    rows = _points(start[:, 1], size[:, 1], output_height, sampling_ratio, x.shape[2])
    columns = _points(start[:, 0], size[:, 0], output_width, sampling_ratio, x.shape[3])
    image = x[batch_indices.long()]
    if mode == "max":
        return _greatest(image, rows, columns)
    by_row, by_column = _weights(rows, x.shape[2]), _weights(columns, x.shape[3])
    return torch.einsum("rchw,rph,rqw->rcpq", image, by_row, by_column)


class Points(NamedTuple):
    """Where an axis is sampled.

    `pixels` and `parts` are the two pixels around each point and their weights, of shape
    (2, regions, cells, points); `count` is how many points a cell has, (regions,).
    """

    pixels: Tensor
    parts: Tensor
    count: Tensor


def _points(start: Tensor, size: Tensor, cells: int, ratio: int, length: Any) -> Points:
    step = size / cells
    count = torch.full_like(step, ratio) if ratio > 0 else torch.ceil(step)
    most = ratio if ratio > 0 else max(int(count.max().item()), 1)
    cell = torch.arange(cells, device=size.device, dtype=size.dtype)[:, None]
    point = torch.arange(most, device=size.device, dtype=size.dtype)
    step, each = step[:, None, None], count[:, None, None]
    at = start[:, None, None] + cell * step + (point + 0.5) * step / each
    void = (at < -1.0) | (at > length) | (point >= each)
    at = at.clamp(min=0.0).clamp(max=length - 1)
    low = at.floor()
    high = (low + 1).clamp(max=length - 1)
    parts = torch.stack((1 - (at - low), at - low)).masked_fill(void, 0)
    return Points(torch.stack((low, high)).nan_to_num().long(), parts, count)


def _weights(points: Points, length: Any) -> Tensor:
    """By pixel of the axis; (regions, cells, length)."""
    pixel = torch.arange(length, device=points.parts.device)
    hits = (points.pixels[..., None] == pixel).to(points.parts.dtype)
    total = (hits * points.parts[..., None]).sum((0, 3))
    return total / points.count[:, None, None].clamp(min=1)


def _greatest(image: Tensor, rows: Points, columns: Points) -> Tensor:
    """ONNX takes the greatest of the four weighted pixels around each point, not their sum."""
    channels_last = image.movedim(1, -1)
    region = torch.arange(image.shape[0], device=image.device)[:, None, None, None, None]
    around = []
    for row in range(2):
        for column in range(2):
            pixels = channels_last[
                region,
                rows.pixels[row][:, :, None, :, None],
                columns.pixels[column][:, None, :, None, :],
            ]
            parts = (
                rows.parts[row][:, :, None, :, None] * columns.parts[column][:, None, :, None, :]
            )
            around.append(pixels * parts[..., None])
    beyond = _beyond(rows)[:, None, None, :, None] | _beyond(columns)[:, None, None, None, :]
    best = torch.stack(around).amax(0).masked_fill(beyond[..., None], -torch.inf)
    found = best.amax((3, 4)).movedim(-1, 1)
    return found.masked_fill(found.isneginf(), 0)


def _beyond(points: Points) -> Tensor:
    """Which points a region's cells do not have; (regions, points)."""
    point = torch.arange(points.pixels.shape[-1], device=points.count.device)
    return point >= points.count[:, None]
