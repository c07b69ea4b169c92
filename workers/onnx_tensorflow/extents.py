"""Extents: lengths of axes, as integers where they are known, else as scalar tensors of int32."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workers.onnx_graph.refusals import CannotTranslate

if TYPE_CHECKING:
    import tensorflow as tf

LARGEST: Final = 2**31 - 1


def rank_of(x: "tf.Tensor") -> int:
    """How many axes it has; refused where the graph leaves that to the data."""
    if x.shape.rank is None:
        raise CannotTranslate(
            "has an input whose rank is only known when the model runs",
            hint="Export the model with ranks that are fixed.",
        )
    return int(x.shape.rank)


def normal(axis: int, rank: int) -> int:
    """The axis counted from the front."""
    return axis + rank if axis < 0 else axis


def lengths(x: "tf.Tensor") -> list[Any]:
    """One extent for each axis."""
    import tensorflow as tf

    rank_of(x)
    known = x.shape.as_list()
    if None not in known:
        return list(known)
    told = tf.shape(x)
    return [told[axis] if each is None else each for axis, each in enumerate(known)]


def length(x: "tf.Tensor", axis: int) -> Any:
    """Of one axis."""
    import tensorflow as tf

    rank_of(x)
    known = x.shape[axis]
    return tf.shape(x)[axis] if known is None else known


def whole(value: Any) -> Any:
    """A number of the graph's as an extent; what lies beyond int32 is brought to its ends."""
    import tensorflow as tf

    if isinstance(value, int | float | np.number):
        return max(-LARGEST, min(LARGEST, int(value)))
    if value.dtype == tf.int64:
        value = tf.clip_by_value(value, -LARGEST, LARGEST)
    return tf.cast(tf.reshape(value, []), tf.int32)


def wholes(values: Iterable[Any]) -> list[Any]:
    """Of many."""
    return [whole(each) for each in values]


def are_known(values: Iterable[Any]) -> bool:
    """Whether all of them are integers, none a tensor."""
    return all(isinstance(each, int | np.integer) for each in values)


def shape_of(values: Iterable[Any]) -> Any:
    """Extents as what TensorFlow's functions take for a shape."""
    import tensorflow as tf

    sizes = wholes(values)
    return sizes if are_known(sizes) else tf.stack(sizes)


def product(values: Iterable[Any]) -> Any:
    """Of extents; 1 for none."""
    found: Any = 1
    for each in values:
        found = each * found
    return found


def greater(a: Any, b: Any) -> Any:
    """The greater of two extents."""
    import tensorflow as tf

    return max(a, b) if are_known([a, b]) else tf.maximum(a, b)


def lesser(a: Any, b: Any) -> Any:
    """The lesser of two extents."""
    import tensorflow as tf

    return min(a, b) if are_known([a, b]) else tf.minimum(a, b)


def reshaped(x: "tf.Tensor", values: Sequence[Any]) -> "tf.Tensor":
    """In that shape. A length that is open is left to TensorFlow: -1 needs no tensor."""
    import tensorflow as tf

    sizes = wholes(values)
    unknown = [axis for axis, each in enumerate(sizes) if not are_known([each])]
    others = [each for each in sizes if are_known([each])]
    if len(unknown) == 1 and all(each > 0 for each in others):
        sizes[unknown[0]] = -1
    return tf.reshape(x, shape_of(sizes))
