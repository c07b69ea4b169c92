"""Transposed convolution: channels last, in one to three dimensions, of any grouping."""

from collections.abc import Sequence
from typing import Any

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_tensorflow.convolution import VOLUME, spread_out
from workers.onnx_tensorflow.extents import are_known, lengths, shape_of
from workers.onnx_tensorflow.layout import Laid, channels_last
from workers.onnx_tensorflow.windows import Window


def transposed(
    x: Laid,
    weight: Laid,
    groups: int,
    of: Window,
    *,
    more: Sequence[int],
    wanted: Sequence[int] | None,
) -> Laid:
    """The result is stored with its channels last.

    Args:
        x: (N, C, ...) logically. weight: (C, O / groups, ...).
        more: ONNX's output_padding, by spatial axis.
        wanted: ONNX's output_shape; pads are worked out from it.
    """
    spatial = x.rank - 2
    if not 1 <= spatial <= VOLUME:
        raise CannotTranslate(f"convolves along {spatial} axes, TensorFlow along one to three")
    order = channels_last(x.rank)
    image = x.at(order).tensor
    sizes = lengths(image)
    pads, more = _pads(of, sizes[1:-1], more, wanted)
    kernel = spread_out(weight, of.dilations).at((*range(2, weight.rank), 1, 0)).tensor
    if groups > 1:
        import tensorflow as tf

        images, kernels = tf.split(image, groups, -1), tf.split(kernel, groups, -1)
        done = [
            _one(part, by, sizes, of, pads=pads, more=more)
            for part, by in zip(images, kernels, strict=True)
        ]
        return Laid(tf.concat(done, -1), order)
    return Laid(_one(image, kernel, sizes, of, pads=pads, more=more), order)


def _pads(
    of: Window, sizes: Sequence[Any], more: Sequence[int], wanted: Sequence[int] | None
) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """What is cut off before and after, and what is added behind."""
    if wanted is None and not of.auto.startswith("SAME"):
        none = [(0, 0) for _ in sizes]
        return (none if of.auto == "VALID" else list(of.pads)), list(more)
    pads: list[tuple[Any, Any]] = []
    added: list[Any] = []
    for axis, size in enumerate(sizes):
        out = size * of.strides[axis] if wanted is None else wanted[-len(sizes) :][axis]
        total = (size - 1) * of.strides[axis] + more[axis] + of.reach[axis] - out
        known = are_known([total])
        added.append(more[axis] + max(-total, 0) if known else more[axis])
        total = max(total, 0) if known else total
        half = total // 2
        pads.append((half, total - half) if of.auto == "SAME_UPPER" else (total - half, half))
    return pads, added


def _one(
    image: Any, kernel: Any, sizes: Sequence[Any], of: Window, *, pads: Any, more: Sequence[Any]
) -> Any:
    """One group."""
    full = [
        (size - 1) * stride + reach + extra
        for size, stride, reach, extra in zip(sizes[1:-1], of.strides, of.reach, more, strict=True)
    ]
    cut = [length - before - after for length, (before, after) in zip(full, pads, strict=True)]
    if _is_same(of, pads, more):
        return _kernel(image, kernel, [sizes[0], *cut], of, "SAME")
    whole = _kernel(image, kernel, [sizes[0], *full], of, "VALID")
    for axis, (before, length) in enumerate(zip((each[0] for each in pads), cut, strict=True), 1):
        whole = _cut(whole, axis, before, length, full[axis - 1])
    return whole


def _cut(x: Any, axis: int, before: Any, length: Any, full: Any) -> Any:
    """A negative pad before adds zeros there."""
    import tensorflow as tf

    if are_known([before, length, full]) and (before, length) == (0, full):
        return x
    if are_known([before, length]) and (before < 0):
        pads = [(0, 0)] * x.shape.rank
        pads[axis] = (-before, 0)
        return _cut(tf.pad(x, pads), axis, 0, length, None)
    begin: list[Any] = [0] * x.shape.rank
    size: list[Any] = [-1] * x.shape.rank
    begin[axis], size[axis] = before, length
    if x.shape[axis] is None and are_known([before]):
        size[axis] = length
    return tf.slice(x, shape_of(begin), shape_of(size))


def _is_same(of: Window, pads: Any, more: Sequence[int]) -> bool:
    """Whether SAME cuts off exactly that: then there is nothing left to cut."""
    for axis, (before, after) in enumerate(pads):
        if not are_known([before, after]):
            return False
        total = before + after - more[axis]
        gap = of.reach[axis] - of.strides[axis] - total
        if not (-of.strides[axis] < gap <= 0) or total < 0 or before != total // 2:
            return False
    return True


def _kernel(image: Any, kernel: Any, lead: list[Any], of: Window, rule: str) -> Any:
    """`kernel` is (..., O, C)."""
    import tensorflow as tf

    out = kernel.shape[-2]
    if len(of.kernel) == 1:
        plane, flat = tf.expand_dims(image, 1), tf.expand_dims(kernel, 0)
        shape = shape_of([lead[0], 1, lead[1], out])
        found = tf.nn.conv2d_transpose(plane, flat, shape, [1, of.strides[0]], rule)
        return tf.squeeze(found, 1)
    shape = shape_of([*lead, out])
    if len(of.kernel) == VOLUME:
        return tf.nn.conv3d_transpose(image, kernel, shape, [1, *of.strides, 1], rule)
    return tf.nn.conv2d_transpose(image, kernel, shape, list(of.strides), rule)
