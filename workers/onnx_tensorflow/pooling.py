"""Pooling: the largest or the mean of windows, channels last."""

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import product
from typing import Any

from workers.onnx_tensorflow.convolution import PLANE, VOLUME
from workers.onnx_tensorflow.extents import are_known
from workers.onnx_tensorflow.layout import Laid, channels_last
from workers.onnx_tensorflow.windows import (
    Pads,
    Window,
    explicit,
    padded,
    padding,
    spatial_lengths,
)

KERNELS = ("float32", "bfloat16", "float16", "float64")


def largest(x: Laid, of: Window) -> Laid:
    """The largest element of each window; what is padded is smaller than any."""
    import tensorflow as tf

    order = channels_last(x.rank)
    image = x.at(order).tensor
    lowest = -float("inf") if image.dtype.is_floating else image.dtype.min
    if _has_kernel(image, of):
        rule, pads = padding(of, spatial_lengths(image))
        return Laid(_pooled(tf.nn.max_pool, padded(image, pads, lowest), of, rule), order)
    whole = padded(image, explicit(of, spatial_lengths(image)), lowest)
    return Laid(reduce(tf.maximum, shifted(whole, of)), order)


def mean(x: Laid, of: Window, *, with_padding: bool) -> Laid:
    """The mean of each window, what is padded counted or not."""
    import tensorflow as tf

    order = channels_last(x.rank)
    image = x.at(order).tensor
    sizes = spatial_lengths(image)
    rule, pads = padding(of, sizes)
    has_kernel = _has_kernel(image, of)
    if has_kernel and not any(_nonzero(pads)) and (rule == "VALID" or not with_padding):
        return Laid(_pooled(tf.nn.avg_pool, image, of, rule), order)
    pads = explicit(of, sizes)
    whole = padded(image, pads)
    if has_kernel and with_padding and not of.ceil:
        return Laid(_pooled(tf.nn.avg_pool, whole, of, "VALID"), order)
    counts = _counts(of, sizes, pads, image.dtype, with_padding=with_padding)
    return Laid(sums(whole, of) / counts, order)


def sums(whole: Any, of: Window) -> Any:
    """The sum of each window of a tensor that is padded already."""
    import tensorflow as tf

    if _has_kernel(whole, of):
        count = reduce(lambda one, other: one * other, of.kernel)
        return _pooled(tf.nn.avg_pool, whole, of, "VALID") * tf.cast(count, whole.dtype)
    return reduce(tf.add, shifted(whole, of))


def shifted(whole: Any, of: Window) -> Iterator[Any]:
    """For each place in the window, the element that stands there in every window."""
    sizes = spatial_lengths(whole)
    ends = [
        (size - reach) // stride * stride + 1
        for size, reach, stride in zip(sizes, of.reach, of.strides, strict=True)
    ]
    for place in places(of):
        cuts = [
            slice(start, start + end, stride)
            for start, end, stride in zip(place, ends, of.strides, strict=True)
        ]
        yield whole[(slice(None), *cuts, slice(None))]


def places(of: Window) -> Iterator[tuple[int, ...]]:
    """Offsets of a window's elements from its first."""
    return product(
        *(range(0, reach, step) for reach, step in zip(of.reach, of.dilations, strict=True))
    )


def _counts(of: Window, sizes: Any, pads: Pads, dtype: Any, *, with_padding: bool) -> Any:
    """How many elements of each window count: those of the input, or of what ONNX pads."""
    import tensorflow as tf

    ones = tf.ones(tf.stack([1, *sizes, 1]), dtype)
    if with_padding:
        ones = padded(ones, of.pads, 0.0)
        told = tf.ones_like(ones)
        over = tuple(
            (before - own[0], max(after - own[1], 0) if are_known([after]) else after - own[1])
            for (before, after), own in zip(pads, of.pads, strict=True)
        )
        return sums(padded(told, over), of)
    return sums(padded(ones, pads), of)


def _nonzero(pads: Pads) -> list[bool]:
    return [not are_known(pair) or any(pair) for pair in pads]


def _has_kernel(image: Any, of: Window) -> bool:
    """Whether TensorFlow pools in this type and these dimensions, without dilation."""
    spatial = len(of.kernel)
    if max(of.dilations) > 1 or spatial > VOLUME:
        return False
    return image.dtype.name in (KERNELS if spatial <= PLANE else KERNELS[:2])


def _pooled(compute: Callable[..., Any], image: Any, of: Window, rule: str) -> Any:
    """A line is pooled as a plane of height 1, for which TensorFlow Lite has an operator."""
    import tensorflow as tf

    if len(of.kernel) > 1:
        return compute(image, list(of.kernel), list(of.strides), rule)
    plane = tf.expand_dims(image, 1)
    return tf.squeeze(compute(plane, [1, *of.kernel], [1, *of.strides], rule), 1)
