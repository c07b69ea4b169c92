"""NonMaxSuppression: boxes by score, without those that overlap a better one."""

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.refusals import CannotTranslate
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
    if isinstance(max_output_boxes_per_class, torch.SymInt):
        raise CannotTranslate(
            "takes as many boxes as its data say",
            hint="Make max_output_boxes_per_class a constant.",
        )
    most = min(max_output_boxes_per_class or 0, scores.shape[-1])
    limit = 0.0 if iou_threshold is None else iou_threshold
    corners = _corners(boxes, centred=bool(center_point_box))
    left = scores
    if score_threshold is not None:
        left = torch.where(scores > score_threshold, scores, -torch.inf)
    taken, found = [], []
    for _ in range(most):
        best = left.max(-1, keepdim=True)
        taken.append(best.indices[..., 0])
        found.append(best.values[..., 0] > -torch.inf)
        if not torch.compiler.is_exporting() and not found[-1].any():
            break
        gone = _overlaps(corners, best.indices) > limit
        left = left.masked_fill(gone, -torch.inf).scatter(-1, best.indices, -torch.inf)
    if not taken:
        return torch.zeros((0, 3), dtype=torch.int64)
    batch, each, rank = torch.nonzero(torch.stack(found, -1)).unbind(-1)
    return torch.stack((batch, each, torch.stack(taken, -1)[batch, each, rank]), -1)


def _corners(boxes: Tensor, *, centred: bool) -> Tensor:
    """Least y and x, greatest y and x; (4, batch, 1, boxes)."""
    one, two, three, four = boxes.unbind(-1)
    if centred:
        ends = (two - four / 2, one - three / 2, two + four / 2, one + three / 2)
    else:
        ends = (one.minimum(three), two.minimum(four), one.maximum(three), two.maximum(four))
    return torch.stack(ends).unsqueeze(2)


def _overlaps(corners: Tensor, best: Tensor) -> Tensor:
    """Intersection over union with the best box of each class; (batch, classes, boxes)."""
    shape = (*best.shape[:2], corners.shape[-1])
    top, left, bottom, right = corners.expand(4, *shape).unbind(0)
    high, near, low, far = (each.gather(-1, best) for each in (top, left, bottom, right))
    height = (bottom.minimum(low) - top.maximum(high)).clamp(min=0)
    width = (right.minimum(far) - left.maximum(near)).clamp(min=0)
    shared = height * width
    union = (bottom - top) * (right - left) + (low - high) * (far - near) - shared
    return torch.where(shared > 0, shared / union, 0)
