"""Resizing: by TensorFlow's own operators where they do the same, else axis by axis.

Along one axis every way of resizing is a product with a matrix of weights; see
https://onnx.ai/onnx/operators/onnx__Resize.html for where the weights come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.extents import are_known, shape_of
from workers.onnx_tensorflow.layout import Laid, channels_last, laid
from workers.onnx_tensorflow.scales import Scale

IMAGE = 4


@dataclass(frozen=True, slots=True)
class Way:
    """ONNX's attributes of Resize."""

    mode: str
    coordinates: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic: float = -0.75
    exclude: bool = False
    antialias: bool = False
    beyond: float = 0.0


def resized(x: Laid, scales: Sequence[Scale], way: Way, *, roi: Any) -> Laid:
    """An image, or any tensor, by the scales of its axes."""
    if not scales:
        return x
    if way.coordinates != "tf_crop_and_resize" and (plain := _at_once(x, scales, way)):
        return plain
    regions = _regions(x, scales, roi) if way.coordinates == "tf_crop_and_resize" else {}
    made = x
    for scale in scales:
        made = _along(made, scale, way, regions.get(scale.axis))
    return made


def _at_once(x: Laid, scales: Sequence[Scale], way: Way) -> Laid | None:
    """By an operator of TensorFlow's, which its converters know; None where none does it."""
    import tensorflow as tf

    floats = x.dtype in (tf.float32, tf.float16, tf.bfloat16)
    if x.rank != IMAGE or {each.axis for each in scales} - {2, 3} or way.antialias or not floats:
        return None
    if not all(_is_exact(each) for each in scales):
        return None
    image = x.at(channels_last(IMAGE))
    by_axis = {each.axis: each.after for each in scales}
    kept = [tf.shape(image.tensor)[axis - 1] if image.shape[axis] is None else image.shape[axis]
            for axis in (2, 3)]  # fmt: skip
    size = shape_of([by_axis.get(axis, own) for axis, own in zip((2, 3), kept, strict=True)])
    if way.mode == "linear" and way.coordinates in (
        "half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners",
    ):  # fmt: skip
        if way.coordinates == "pytorch_half_pixel" and not _longer_than_one(scales):
            return None
        found = tf.raw_ops.ResizeBilinear(
            images=image.tensor,
            size=size,
            align_corners=way.coordinates == "align_corners",
            half_pixel_centers="half_pixel" in way.coordinates,
        )
        return image.like(tf.cast(found, x.dtype))
    if way.mode == "nearest" and _is_plain_nearest(scales, way):
        found = tf.raw_ops.ResizeNearestNeighbor(images=image.tensor, size=size)
        return image.like(found)
    return None


def _is_exact(scale: Scale) -> bool:
    """Whether the lengths alone tell the factor, which is all that TensorFlow looks at."""
    if not isinstance(scale.factor, float):
        return True
    if are_known([scale.before, scale.after]):
        return bool(abs(scale.after / scale.before - scale.factor) < 1e-6 * scale.factor)
    return scale.factor.is_integer()


def _longer_than_one(scales: Sequence[Scale]) -> bool:
    return all(are_known([each.after]) and each.after > 1 for each in scales)


def _is_plain_nearest(scales: Sequence[Scale], way: Way) -> bool:
    """Whether it is the pixel that is above and left; for whole factors every way says so."""
    whole = all(isinstance(each.factor, float) and each.factor.is_integer() for each in scales)
    if way.coordinates == "asymmetric":
        return way.nearest == "floor"
    return (
        whole
        and way.coordinates in ("half_pixel", "pytorch_half_pixel")
        and (way.nearest in ("round_prefer_floor", "round_prefer_ceil"))
    )


def _regions(x: Laid, scales: Sequence[Scale], roi: Any) -> dict[int, tuple[Any, Any]]:
    """By axis, where what is looked at begins and ends, as shares of its length."""
    import tensorflow as tf

    told = tf.cast(laid(roi).plain, tf.float32)
    count = len(scales) if told.shape[0] == 2 * len(scales) else x.rank
    places = [each.axis for each in scales] if count == len(scales) else list(range(x.rank))
    return {axis: (told[place], told[place + count]) for place, axis in enumerate(places)}


def _along(x: Laid, scale: Scale, way: Way, region: tuple[Any, Any] | None) -> Laid:
    """One axis, by a matrix of weights or, for the nearest, by picking."""
    import tensorflow as tf

    place = x.stored(scale.axis)
    at = _coordinates(scale, way, region)
    size = scale.before
    if way.mode == "nearest":
        found = tf.gather(x.tensor, tf.clip_by_value(_nearest(at, way), 0, size - 1), axis=place)
    else:
        wide = tf.float64 if x.dtype == tf.float64 else tf.float32
        weights = tf.cast(_weights(at, scale, way), wide)
        found = tf.tensordot(tf.cast(x.tensor, wide), weights, [[place], [1]])
        back = [*range(place), x.rank - 1, *range(place, x.rank - 1)]
        found = tf.cast(tf.transpose(found, back), x.dtype)
    if region is not None:
        outside = (at < 0) | (at > tf.cast(size - 1, tf.float32))
        shape = [-1 if axis == place else 1 for axis in range(x.rank)]
        found = tf.where(tf.reshape(outside, shape), tf.cast(way.beyond, x.dtype), found)
    return x.like(found)


def _coordinates(scale: Scale, way: Way, region: tuple[Any, Any] | None) -> Any:  # noqa: PLR0911 - one for each way
    """Where each new element lies among the old ones, as float32."""
    import tensorflow as tf

    new = tf.cast(tf.range(scale.after), tf.float32)
    factor = tf.cast(scale.factor, tf.float32)
    before = tf.cast(scale.before, tf.float32)
    after = tf.cast(scale.after, tf.float32)
    match way.coordinates:
        case "half_pixel":
            return (new + 0.5) / factor - 0.5
        case "half_pixel_symmetric":
            adjusted = after / (factor * before)
            return before / 2 * (1 - adjusted) + (new + 0.5) / factor - 0.5
        case "pytorch_half_pixel":
            return tf.where(after > 1, (new + 0.5) / factor - 0.5, tf.zeros_like(new))
        case "align_corners":
            last = factor * before - 1
            return tf.where(last > 0, new * (before - 1) / tf.where(last > 0, last, 1.0), 0 * new)
        case "asymmetric":
            return new / factor
        case "tf_half_pixel_for_nn":
            return (new + 0.5) / factor
        case "tf_crop_and_resize" if region is not None:
            start, end = region
            step = (end - start) * (before - 1) / tf.maximum(after - 1, 1)
            middle = 0.5 * (start + end) * (before - 1)
            return tf.where(after > 1, start * (before - 1) + new * step, middle + 0 * new)
        case other:
            raise CannotTranslate(f"finds coordinates by {other!r}, which is not known")


def _nearest(at: Any, way: Way) -> Any:
    import tensorflow as tf

    match way.nearest:
        case "floor":
            found = tf.floor(at)
        case "ceil":
            found = tf.math.ceil(at)
        case "round_prefer_ceil":
            found = tf.floor(at + 0.5)
        case _:
            found = tf.math.ceil(at - 0.5)
    return tf.cast(found, tf.int32)


def _weights(at: Any, scale: Scale, way: Way) -> Any:
    """A matrix (after, before): what each old element adds to each new one."""
    import tensorflow as tf

    size = scale.before
    shrink = tf.minimum(tf.cast(scale.factor, tf.float32), 1.0) if way.antialias else tf.ones([])
    reach = 1 if way.mode == "linear" else 2
    # Neighbours beyond the edge are counted first, and then given to the edge itself.
    margin = reach + 1
    if way.antialias:
        margin = tf.cast(tf.math.ceil(reach / shrink), tf.int32) + 1
    neighbours = tf.range(-margin, size + margin)
    away = (tf.cast(neighbours, tf.float32)[tf.newaxis] - at[:, tf.newaxis]) * shrink
    share = _hat(away) if way.mode == "linear" else _cubic(away, way.cubic)
    inside = (neighbours >= 0) & (neighbours < size)
    if way.exclude:
        share = tf.where(inside[tf.newaxis], share, 0.0)
    if way.exclude or way.antialias:
        share /= tf.reduce_sum(share, 1, keepdims=True)
    to = tf.one_hot(tf.clip_by_value(neighbours, 0, size - 1), size)
    return tf.matmul(share, to)


def _hat(away: Any) -> Any:
    import tensorflow as tf

    return tf.maximum(1 - tf.abs(away), 0)


def _cubic(away: Any, a: float) -> Any:
    """Keys' convolution kernel (1981) with the parameter a."""
    import tensorflow as tf

    far = tf.abs(away)
    inner = ((a + 2) * far - (a + 3)) * far * far + 1
    outer = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
    return tf.where(far <= 1, inner, tf.where(far < 2, outer, 0.0))  # noqa: PLR2004 - where it ends
