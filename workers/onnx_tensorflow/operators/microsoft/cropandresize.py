"""com.microsoft.CropAndResize: regions of images, each resampled to one size."""

import tensorflow as tf

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import shape_of
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last


@operator("CropAndResize")
def crop_and_resize(
    x: Stored,
    rois: tf.Tensor,
    batch_indices: tf.Tensor,
    crop_size: Ints,
    *,
    extrapolation_value: float | None,
    mode: str | None,
) -> Laid:
    """A region is (y1, x1, y2, x2) in parts of the image; outside of it there is one value."""
    if mode not in {None, "bilinear", "nearest"}:
        raise CannotTranslate(f"knows no mode {mode!r}")
    made = tf.image.crop_and_resize(
        x.at(channels_last(x.rank)).tensor,
        rois,
        tf.cast(batch_indices, tf.int32),
        shape_of(crop_size),
        method=mode or "bilinear",
        extrapolation_value=extrapolation_value or 0.0,
    )
    return Laid(made, channels_last(x.rank))
