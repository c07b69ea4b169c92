"""Padding: by a constant, an edge, a mirror image or the other end, by any amount."""

from collections.abc import Sequence
from typing import Any

from workers.onnx_tensorflow.extents import are_known, greater, lengths, lesser, wholes

Pads = Sequence[tuple[Any, Any]]


def padded(x: Any, pads: Pads, mode: str, value: Any | None = None) -> Any:
    """By axis of what is stored, before and after; integers or scalars, negative to cut off."""
    told = [tuple(wholes(pair)) for pair in pads]
    known = all(are_known(pair) for pair in told)
    if not known or any(each < 0 for pair in told for each in pair):
        x = _cut(x, told)
        told = [(greater(before, 0), greater(after, 0)) for before, after in told]
    if known and not any(each for pair in told for each in pair):
        return x
    if mode == "constant":
        return _filled(x, told, value)
    if mode == "reflect" and _fits(x, told):
        import tensorflow as tf

        return tf.pad(x, told, "REFLECT")
    for axis, pair in enumerate(told):
        if not are_known(pair) or any(pair):
            x = _taken(x, axis, pair, mode)
    return x


def _cut(x: Any, pads: Pads) -> Any:
    picks = []
    for axis, pair in enumerate(pads):
        if are_known(pair) and min(pair) >= 0:
            picks.append(slice(None))
            continue
        start, end = (lesser(each, 0) for each in pair)
        picks.append(slice(-start, lengths(x)[axis] + end))
    return x[tuple(picks)]


def _filled(x: Any, pads: Pads, value: Any | None) -> Any:
    import tensorflow as tf

    whole: Any = list(pads)
    if not all(are_known(pair) for pair in pads):
        whole = tf.stack([tf.stack(pair) for pair in pads])
    if x.dtype == tf.bool:
        number = None if value is None else tf.cast(value, tf.int32)
        return tf.cast(_filled(tf.cast(x, tf.int32), pads, number), tf.bool)
    if value is None:
        return tf.pad(x, whole)
    static = tf.get_static_value(value)
    if static is not None and static.dtype.kind in "fiu" and float(static.reshape(-1)[0]) == 0:
        return tf.pad(x, whole)
    return tf.pad(x, whole, constant_values=tf.reshape(value, []))


def _fits(x: Any, pads: Pads) -> bool:
    """Whether one mirror image is enough: TensorFlow goes no further."""
    pairs = zip(x.shape.as_list(), pads, strict=True)
    return all(
        are_known(pair) and (not any(pair) or (size is not None and max(pair) < size))
        for size, pair in pairs
    )


def _taken(x: Any, axis: int, pair: tuple[Any, Any], mode: str) -> Any:
    """Each element of the padded axis is one of the axis' own."""
    import tensorflow as tf

    size = lengths(x)[axis]
    places = tf.range(-pair[0], size + pair[1])
    if mode == "edge":
        places = tf.clip_by_value(places, 0, size - 1)
    elif mode == "wrap":
        places = tf.math.floormod(places, size)
    else:
        period = tf.maximum(2 * (size - 1), 1)
        folded = tf.math.floormod(places, period)
        places = tf.minimum(folded, period - folded)
    return tf.gather(x, places, axis=axis)
