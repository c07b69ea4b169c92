"""MaxPool: the largest element of each window, and where it stands."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last
from workers.onnx_tensorflow.pooling import largest, places, shifted
from workers.onnx_tensorflow.windows import Window, explicit, padded, spatial_lengths, window


@operator("MaxPool")
def maxpool(
    x: Stored,
    *,
    auto_pad: str,
    ceil_mode: int | None,
    dilations: list[int] | None,
    kernel_shape: list[int],
    pads: list[int] | None,
    storage_order: int | None,
    strides: list[int] | None,
    node: object,
) -> Laid | tuple[Laid, Laid]:
    """The second output counts through all axes, with `storage_order` columns first."""
    of = window(kernel_shape, strides, dilations, pads, auto_pad, ceil=bool(ceil_mode))
    if sum(map(bool, getattr(node, "outputs", ()))) < 2:  # noqa: PLR2004 - of the largest alone
        return largest(x, of)
    return _with_places(x, of, columns_first=bool(storage_order))


def _with_places(x: Laid, of: Window, *, columns_first: bool) -> tuple[Laid, Laid]:
    order = channels_last(x.rank)
    image = x.at(order).tensor
    sizes = lengths(image)
    pads = explicit(of, sizes[1:-1])
    lowest = -float("inf") if image.dtype.is_floating else image.dtype.min
    whole = padded(image, pads, lowest)
    best: tf.Tensor | None = None
    where: tf.Tensor | None = None
    for place, candidate in zip(places(of), shifted(whole, of), strict=True):
        spot = _spot(place, spatial_lengths(candidate), of, pads, sizes[1:-1], columns_first)
        spot = tf.broadcast_to(spot[tf.newaxis, ..., tf.newaxis], tf.shape(candidate))
        if best is None or where is None:
            best, where = candidate, spot
            continue
        where = tf.where(candidate > best, spot, where)
        best = tf.maximum(best, candidate)
    planes = tf.reshape(
        tf.range(sizes[0])[:, tf.newaxis] * sizes[-1] + tf.range(sizes[-1]),
        [-1, *[1] * len(of.kernel), sizes[-1]],
    )
    area = tf.reduce_prod(tf.cast(tf.stack(sizes[1:-1]), tf.int64))
    return Laid(best, order), Laid(tf.cast(planes, tf.int64) * area + where, order)


def _spot(  # noqa: PLR0917 - all of one window
    place: tuple[int, ...],
    counts: list[int],
    of: Window,
    pads: tuple[tuple[int, int], ...],
    sizes: list[int],
    columns_first: bool,  # noqa: FBT001 - the operator's attribute
) -> tf.Tensor:
    """For each window, the index within its plane of the element at that place."""
    axes = list(range(len(place)))
    found = tf.zeros([1] * len(place), tf.int64)
    times = tf.constant(1, tf.int64)
    for axis in axes if columns_first else reversed(axes):
        line = tf.range(counts[axis]) * of.strides[axis] + place[axis] - pads[axis][0]
        shape = [-1 if each == axis else 1 for each in axes]
        found += tf.reshape(tf.cast(line, tf.int64), shape) * times
        times *= tf.cast(sizes[axis], tf.int64)
    return found
