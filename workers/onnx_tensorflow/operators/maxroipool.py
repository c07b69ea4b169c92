"""MaxRoiPool: the greatest values of an image in boxes, each cut into the same number of bins."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last
from workers.onnx_tensorflow.sampling import spatial


@operator("MaxRoiPool")
def max_roi_pool(
    x: Stored, rois: tf.Tensor, *, pooled_shape: list[int], spatial_scale: float
) -> Laid:
    """Boxes are (image, x1, y1, x2, y2); a bin without a pixel is zero."""
    image = x.at(channels_last(x.rank)).tensor
    height, width = tf.unstack(spatial(image))
    corners = tf.floor(rois[:, 1:] * spatial_scale + 0.5)
    rows = _bins(corners[:, 1], corners[:, 3], pooled_shape[0], height)
    columns = _bins(corners[:, 0], corners[:, 2], pooled_shape[1], width)

    def pooled(box: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        which, row, column = box
        low = image.dtype.min
        high = tf.where(row[:, :, None, None], tf.gather(image, which)[None], low)
        high = tf.reduce_max(high, axis=1)
        found = tf.where(column[None, :, :, None], high[:, None], low)
        empty = ~(tf.reduce_any(row, 1)[:, None] & tf.reduce_any(column, 1)[None])
        zero = tf.zeros([], image.dtype)
        return tf.where(empty[..., None], zero, tf.reduce_max(found, axis=2))

    which = tf.cast(rois[:, 0], tf.int32)
    spec = tf.TensorSpec([*pooled_shape, image.shape[-1]], image.dtype)
    made = tf.map_fn(pooled, (which, rows, columns), fn_output_signature=spec)
    return Laid(made, channels_last(x.rank))


def _bins(begin: tf.Tensor, end: tf.Tensor, bins: int, size: tf.Tensor) -> tf.Tensor:
    """Which pixels along one axis belong to which bin; (boxes, bins, size)."""
    step = tf.maximum(end - begin + 1, 1) / bins
    order = tf.cast(tf.range(bins), begin.dtype)[None, :]
    first = tf.floor(order * step[:, None]) + begin[:, None]
    last = tf.math.ceil((order + 1) * step[:, None]) + begin[:, None]
    pixels = tf.cast(tf.range(size), begin.dtype)
    return (pixels >= first[..., None]) & (pixels < last[..., None])
