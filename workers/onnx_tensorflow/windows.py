"""Windows: what convolutions and pools slide over the spatial axes, and what they pad.

TensorFlow pads by two rules, VALID and SAME, which its kernels and converters know; any other
padding is an operation of its own. Which it is gets decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workers.onnx_tensorflow.extents import are_known, length

Pads = tuple[tuple[Any, Any], ...]
"""Before and after, by spatial axis; integers, or scalars where lengths are open."""


@dataclass(frozen=True, slots=True)
class Window:
    """By spatial axis. `auto` is ONNX's auto_pad."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    auto: str = "NOTSET"
    ceil: bool = False

    @property
    def reach(self) -> tuple[int, ...]:
        """From the first to the last element that a window sees, both counted."""
        pairs = zip(self.kernel, self.dilations, strict=True)
        return tuple((length - 1) * step + 1 for length, step in pairs)


def window(
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    pads: Sequence[int] | None,
    auto_pad: str | None,
    *,
    ceil: bool = False,
) -> Window:
    """From ONNX's attributes, with their defaults."""
    rank = len(kernel)
    told = tuple(pads or [0] * 2 * rank)
    return Window(
        kernel=tuple(kernel),
        strides=tuple(strides or [1] * rank),
        dilations=tuple(dilations or [1] * rank),
        pads=tuple(zip(told[:rank], told[rank:], strict=True)),
        auto=auto_pad or "NOTSET",
        ceil=ceil,
    )


def padding(of: Window, sizes: Sequence[Any]) -> tuple[str, Pads]:
    """TensorFlow's rule, and what is to be padded before it (with VALID only).

    Args:
        sizes: lengths of the spatial axes, integers or scalars.
    """
    none = tuple((0, 0) for _ in of.kernel)
    if of.auto == "VALID" and not of.ceil:
        return "VALID", none
    if of.auto == "SAME_UPPER":
        return "SAME", none
    pads = explicit(of, sizes)
    if all(pair == (0, 0) for pair in pads):
        return "VALID", none
    if _is_same(of, sizes, pads):
        return "SAME", none
    return "VALID", pads


def explicit(of: Window, sizes: Sequence[Any]) -> Pads:
    """What ONNX pads, and what a rounded-up number of windows reaches over."""
    if of.auto in ("SAME_UPPER", "SAME_LOWER"):
        totals = _same_totals(of, sizes)
        halves = [(total // 2, total - total // 2) for total in totals]
        if of.auto == "SAME_UPPER":
            return tuple(halves)
        return tuple((after, before) for before, after in halves)
    pads = tuple((0, 0) for _ in of.kernel) if of.auto == "VALID" else of.pads
    if not of.ceil:
        return pads
    return tuple(
        (pair[0], _not_negative(pair[1] + _overhang(of, axis, size, pair)))
        for axis, (size, pair) in enumerate(zip(sizes, pads, strict=True))
    )


def _overhang(of: Window, axis: int, size: Any, pair: tuple[int, int]) -> Any:
    """How far the last window reaches beyond the padding; one that begins there is none."""
    stride, room = of.strides[axis], size + sum(pair) - of.reach[axis]
    count = -(-room // stride)
    begins_beyond = count * stride >= size + pair[0]
    if are_known([size]):
        return (count - bool(begins_beyond)) * stride - room if stride > 1 else 0
    import tensorflow as tf

    return (count - tf.cast(begins_beyond, tf.int32)) * stride - room


def _same_totals(of: Window, sizes: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for size, reach, stride in zip(sizes, of.reach, of.strides, strict=True):
        if stride == 1:
            found.append(reach - 1)
            continue
        total = (-(-size // stride) - 1) * stride + reach - size
        found.append(_not_negative(total))
    return found


def _not_negative(length: Any) -> Any:
    if are_known([length]):
        return max(length, 0)
    import tensorflow as tf

    return tf.maximum(length, 0)


def _is_same(of: Window, sizes: Sequence[Any], pads: Pads) -> bool:
    """Whether SAME would pad exactly that; for open lengths, whatever they become."""
    if not all(are_known(pair) for pair in pads):
        return False
    for total, pair in zip(_same_totals(of, sizes), pads, strict=True):
        if not are_known([total]) or pair != (total // 2, total - total // 2):
            return False
    return True


def spatial_lengths(x: Any) -> list[Any]:
    """Of a channels-last tensor: all axes but the batch and the channels."""
    return [length(x, axis) for axis in range(1, x.shape.rank - 1)]


def padded(x: Any, pads: Pads, value: float = 0) -> Any:
    """A channels-last tensor with its spatial axes padded."""
    import tensorflow as tf

    if all(are_known(pair) and not any(pair) for pair in pads):
        return x
    whole: Any = [(0, 0), *pads, (0, 0)]
    if not all(are_known(pair) for pair in pads):
        whole = tf.stack([tf.stack(pair) for pair in whole])
    if value == 0:
        return tf.pad(x, whole)
    return tf.pad(x, whole, constant_values=tf.cast(value, x.dtype))
