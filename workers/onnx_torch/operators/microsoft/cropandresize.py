"""com.microsoft.CropAndResize: regions of images, each resampled to one size."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator


@operator("CropAndResize")
def crop_and_resize(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    crop_size: Ints,
    *,
    extrapolation_value: float | None,
    mode: str | None,
) -> Tensor:
    """A region is (y1, x1, y2, x2) in parts of the image; outside of it there is one value."""
    if mode not in {None, "bilinear"}:
        raise CannotTranslate(f"samples in mode '{mode}'", hint="Use the mode bilinear.")
    down = _places(rois[:, 0], rois[:, 2], crop_size[0], x.shape[2])
    across = _places(rois[:, 1], rois[:, 3], crop_size[1], x.shape[3])
    image = x[batch_indices.long()]
    rows, columns = _weights(down, x.shape[2]), _weights(across, x.shape[3])
    found = torch.einsum("rchw,rph,rqw->rcpq", image, rows, columns)
    outside = (
        _beyond(down, x.shape[2])[:, None, :, None] | _beyond(across, x.shape[3])[:, None, None]
    )
    return found.masked_fill(outside, extrapolation_value or 0.0)


def _places(first: Tensor, last: Tensor, count: int, length: int) -> Tensor:
    """Where each new element of an axis lies among the old ones; (regions, count)."""
    if count == 1:
        return (0.5 * (first + last) * (length - 1))[:, None]
    step = torch.arange(count, dtype=first.dtype) / (count - 1)
    return (first[:, None] + (last - first)[:, None] * step) * (length - 1)


def _beyond(at: Tensor, length: int) -> Tensor:
    return (at < 0) | (at > length - 1)


def _weights(at: Tensor, length: int) -> Tensor:
    """Of each old element in each new one; (regions, count, length)."""
    apart = at[..., None] - torch.arange(length, dtype=at.dtype)
    return (1 - apart.abs()).clamp(min=0)
