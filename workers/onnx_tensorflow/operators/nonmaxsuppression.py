"""NonMaxSuppression: the boxes with the highest scores that do not overlap each other."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, lesser, whole


@operator("NonMaxSuppression")
def non_max_suppression(
    boxes: tf.Tensor,
    scores: tf.Tensor,
    max_output_boxes_per_class: Number | None = None,
    iou_threshold: Number | None = None,
    score_threshold: Number | None = None,
    *,
    center_point_box: int,
) -> tf.Tensor:
    """Rows of (batch, class, box); batch by batch and class by class."""
    if center_point_box:
        middle, half = boxes[..., :2], boxes[..., 2:] / 2
        boxes = tf.concat([middle - half, middle + half], axis=-1)
    batches, classes, count = (length(scores, axis) for axis in range(3))
    most = lesser(whole(max_output_boxes_per_class or 0), count)
    overlap = 0.0 if iou_threshold is None else iou_threshold
    least = scores.dtype.min if score_threshold is None else score_threshold

    def kept(batch: Any, kind: Any) -> tf.Tensor:
        found, number = tf.raw_ops.NonMaxSuppressionV4(
            boxes=boxes[batch],
            scores=scores[batch, kind],
            max_output_size=most,
            iou_threshold=tf.cast(overlap, boxes.dtype),
            score_threshold=tf.cast(least, scores.dtype),
            pad_to_max_output_size=True,
        )
        picked = tf.cast(found[:number], tf.int64)
        same = [tf.fill([number], tf.cast(each, tf.int64)) for each in (batch, kind)]
        return tf.stack([*same, picked], axis=-1)

    if isinstance(batches, int) and isinstance(classes, int):
        pairs = [(batch, kind) for batch in range(batches) for kind in range(classes)]
        none = tf.zeros([0, 3], tf.int64)
        return tf.concat([none, *(kept(*pair) for pair in pairs)], axis=0)

    def more(index: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found = kept(index // classes, index % classes)
        return index + 1, tf.concat([rows, found], axis=0)

    return tf.while_loop(
        lambda index, _: index < batches * classes,
        more,
        (tf.constant(0), tf.zeros([0, 3], tf.int64)),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 3])),
    )[1]
