"""NonMaxSuppression: boxes by score, without those that overlap a better one."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator


@operator("NonMaxSuppression")
def non_max_suppression(
    boxes: Tensor,
    scores: Tensor,
    max_output_boxes_per_class: Number | None = None,
    iou_threshold: Number | None = None,
    score_threshold: Number | None = None,
    *,
    center_point_box: int,
) -> Tensor:
    """Rows of (batch, class, box); all classes and batches are gone through at once.

    A pass takes the best box that is left of each class and drops what overlaps it.
    """
    most = max_output_boxes_per_class or 0
    limit = 0.0 if iou_threshold is None else iou_threshold
    overlaps = _overlaps(_corners(boxes, centred=bool(center_point_box))) > limit
    order = scores.argsort(dim=-1, descending=True, stable=True)
    alive = torch.ones_like(scores, dtype=torch.bool)
    if score_threshold is not None:
        alive = scores > score_threshold
    kept = _kept(overlaps, order, alive)
    ranked = kept.gather(-1, order)
    ranked = ranked & (ranked.cumsum(-1) <= most)
    batch, each, rank = torch.nonzero(ranked).unbind(-1)
    return torch.stack((batch, each, order[batch, each, rank]), -1)


def _kept(overlaps: Tensor, order: Tensor, alive: Tensor) -> Tensor:
    batch = torch.arange(order.shape[0], device=order.device)[:, None]
    kept = torch.zeros_like(alive)
    for step in range(order.shape[-1]):
        box = order[..., step]
        taken = alive.gather(-1, box[..., None])
        kept = kept.scatter(-1, box[..., None], taken)
        alive = alive & ~(overlaps[batch, box] & taken)
    return kept


def _corners(boxes: Tensor, *, centred: bool) -> Any:
    """Least y and x, greatest y and x; each (batch, boxes)."""
    one, two, three, four = boxes.unbind(-1)
    if centred:
        return two - four / 2, one - three / 2, two + four / 2, one + three / 2
    return one.minimum(three), two.minimum(four), one.maximum(three), two.maximum(four)


def _overlaps(corners: Any) -> Tensor:
    """Intersection over union of each two boxes; (batch, boxes, boxes)."""
    top, left, bottom, right = corners
    height = bottom[:, :, None].minimum(bottom[:, None]) - top[:, :, None].maximum(top[:, None])
    width = right[:, :, None].minimum(right[:, None]) - left[:, :, None].maximum(left[:, None])
    shared = height.clamp(min=0) * width.clamp(min=0)
    area = (bottom - top) * (right - left)
    return torch.where(shared > 0, shared / (area[:, :, None] + area[:, None] - shared), 0)
