"""Convolution: channels last, in one to three dimensions, of any grouping."""

from collections.abc import Callable
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.extents import lengths, reshaped
from workers.onnx_tensorflow.layout import Laid, Order, channels_last
from workers.onnx_tensorflow.windows import Window, padded, padding, spatial_lengths

PLANE = 2
VOLUME = 3


def convolved(x: Laid, weight: Laid, groups: int, of: Window) -> Laid:
    """The result is stored with its channels last.

    Args:
        x: (N, C, ...) logically. weight: (O, C / groups, ...).

    Raises:
        CannotTranslate: there are more than three spatial axes.
    """
    spatial = x.rank - 2
    if not 1 <= spatial <= VOLUME:
        raise CannotTranslate(f"convolves along {spatial} axes, and TensorFlow along one to three")
    order = channels_last(x.rank)
    image = x.at(order).tensor
    rule, pads = padding(of, spatial_lengths(image))
    if _by_channel(x, weight, groups, of):
        kernel = weight.derived(("depthwise", groups), lambda: _depthwise(weight, groups)).tensor
        return Laid(_across_channels(padded(image, pads), kernel, of, rule), order)
    of, weight = (_spread(of, weight)) if spatial == VOLUME else (of, weight)
    kernel = weight.at((*range(2, weight.rank), 1, 0)).tensor
    return Laid(_plain(padded(image, pads), kernel, groups, of, rule), order)


def _by_channel(x: Laid, weight: Laid, groups: int, of: Window) -> bool:
    """Whether each channel is convolved alone, in a way that TensorFlow's kernel can."""
    alone = groups > 1 and weight.shape[1] == 1 and x.shape[1] == groups
    even = len(set(of.strides)) == 1 and (max(of.strides) == 1 or max(of.dilations) == 1)
    return alone and even and len(of.kernel) <= PLANE and weight.shape[0] is not None


def _depthwise(weight: Laid, groups: int) -> Laid:
    """(C * M, 1, ...) as (..., C, M)."""
    spatial = weight.rank - 2
    times = (weight.shape[0] or groups) // groups
    kernel = [weight.shape[2 + axis] or -1 for axis in range(spatial)]
    order: Order = (*range(2, 2 + spatial), 0, 1)
    if weight.array is not None:
        split = weight.array.reshape(groups, times, *kernel).transpose(order)
        return Laid(None, array=split, name=weight.name)
    import tensorflow as tf

    split = tf.reshape(weight.plain, [groups, times, *kernel])
    return Laid(tf.transpose(split, order))


def _across_channels(image: Any, kernel: Any, of: Window, rule: str) -> Any:
    import tensorflow as tf

    def compute(plane: Any, planar: Any, strides: list[int], dilations: list[int]) -> Any:
        step = max(strides)
        steps = None if max(dilations) == 1 else dilations
        return tf.nn.depthwise_conv2d(plane, planar, [1, step, step, 1], rule, dilations=steps)

    return planar(compute, image, kernel, of)


def _plain(image: Any, kernel: Any, groups: int, of: Window, rule: str) -> Any:
    """Group by group: TensorFlow joins a convolution with the bias behind it into a kernel that
    knows no groups, and fails when it is run."""
    import tensorflow as tf

    def compute(plane: Any, flat: Any, strides: list[int], dilations: list[int]) -> Any:
        return tf.nn.conv2d(plane, flat, strides, rule, dilations=dilations)

    def one(part: Any, by: Any) -> Any:
        if len(of.kernel) == VOLUME:
            return tf.nn.conv3d(part, by, [1, *of.strides, 1], rule)
        return planar(compute, part, by, of)

    if groups == 1:
        return one(image, kernel)
    parts = zip(tf.split(image, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([one(*each) for each in parts], -1)


def planar(
    compute: Callable[[Any, Any, list[int], list[int]], Any], image: Any, kernel: Any, of: Window
) -> Any:
    """`compute` in two dimensions; a line is a plane of height 1."""
    import tensorflow as tf

    if len(of.kernel) == PLANE:
        return compute(image, kernel, list(of.strides), list(of.dilations))
    step, spread = of.strides[0], of.dilations[0]
    plane, flat = tf.expand_dims(image, 1), tf.expand_dims(kernel, 0)
    strides = [step] * PLANE
    return tf.squeeze(compute(plane, flat, strides, [1, spread]), 1)


def _spread(of: Window, weight: Laid) -> tuple[Window, Laid]:
    """A dilated kernel with its zeros written out, which TensorFlow's 3-D kernels need."""
    if max(of.dilations) == 1:
        return of, weight
    return (
        Window(of.reach, of.strides, (1,) * len(of.kernel), of.pads, of.auto),
        spread_out(weight, of.dilations),
    )


def spread_out(weight: Laid, dilations: tuple[int, ...]) -> Laid:
    """A kernel (O, I, ...) with zeros between its elements."""
    if max(dilations) == 1:
        return weight
    if weight.array is None:
        return Laid(_spread_in_the_graph(weight.plain, dilations))

    def make() -> Laid:
        import numpy as np

        array = weight.plain_array
        sizes = [
            (length - 1) * step + 1
            for length, step in zip(array.shape[2:], dilations, strict=True)
        ]
        wide = np.zeros((*array.shape[:2], *sizes), dtype=array.dtype)
        wide[(slice(None), slice(None), *(slice(None, None, step) for step in dilations))] = array
        return Laid(None, array=wide, name=weight.name)

    return weight.derived(("spread", dilations), make)


def _spread_in_the_graph(kernel: Any, dilations: tuple[int, ...]) -> Any:
    import tensorflow as tf

    for axis, step in enumerate(dilations, 2):
        sizes = lengths(kernel)
        pads = [(0, 0)] * (len(sizes) + 1)
        pads[axis + 1] = (0, step - 1)
        apart = tf.pad(tf.expand_dims(kernel, axis + 1), pads)
        sizes[axis] *= step
        whole = reshaped(apart, sizes)
        kernel = whole[(*[slice(None)] * axis, slice(0, sizes[axis] - step + 1))]
    return kernel
