"""GridSample: the values of an image at the points of a grid."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow import sampling
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last


@operator("GridSample")
def grid_sample(
    x: Stored, grid: tf.Tensor, *, mode: str, padding_mode: str, align_corners: int
) -> Laid:
    """Coordinates run from -1 to 1, the last axis first."""
    image = x.at(channels_last(x.rank)).tensor
    sizes = tf.cast(sampling.spatial(image), grid.dtype)
    points = tf.reverse(grid, [-1])
    if align_corners:
        points, low, high = (points + 1) / 2 * (sizes - 1), tf.zeros_like(sizes), sizes - 1
    else:
        points, low, high = ((points + 1) * sizes - 1) / 2, tf.zeros_like(sizes) - 0.5, sizes - 0.5
    if mode == "nearest":
        points = tf.round(points)
    if padding_mode == "border":
        points = tf.clip_by_value(points, 0, sizes - 1)
    if padding_mode == "reflection":
        points = sampling.reflected(points, low, high)

    def resolve(image: tf.Tensor, pixels: tf.Tensor) -> sampling.Places:
        if padding_mode == "zeros":
            return sampling.or_zero(image, pixels)
        if padding_mode == "reflection":
            inside = sampling.reflected(tf.cast(pixels, low.dtype), low, high)
            pixels = tf.cast(inside, tf.int32)
        return sampling.or_nearest(image, pixels)

    return Laid(_interpolation(mode)(image, points, resolve), channels_last(x.rank))


def _interpolation(mode: str) -> sampling.Interpolation:
    match mode:
        case "nearest":
            return sampling.nearest
        case "linear" | "bilinear":
            return sampling.linear
        case "cubic" | "bicubic":
            return sampling.cubic
        case _:
            raise CannotTranslate(f"knows no mode {mode!r}")
