"""Masking: which keys a query may attend to, as what is added to their scores."""

from dataclasses import dataclass
from typing import Any

from workers.onnx_tensorflow.extents import are_known, length


@dataclass(frozen=True, slots=True)
class Reach:
    """The keys that a query sees by its place.

    Query i stands at `offset` + i: a number, or one for each example as (batch, 1, 1, 1). It
    sees none after it if `causal`, and at most `left` and `right` keys to its sides; -1 is all.
    `filled` are the keys of each example that are more than padding, (batch, 1, 1, 1).
    """

    offset: Any = 0
    causal: bool = False
    left: int = -1
    right: int = -1
    filled: Any | None = None

    @property
    def plain(self) -> bool:
        """Whether every query sees all keys."""
        return not self.causal and self.left < 0 and self.right < 0 and self.filled is None

    def allowed(self, queries: Any, keys: Any) -> Any:
        """Of shape (queries, keys), or (batch, 1, queries, keys)."""
        import tensorflow as tf

        places = tf.range(queries)[:, tf.newaxis] + self.offset
        key = tf.range(keys)[tf.newaxis]
        rules = [key <= places] if self.causal else []
        rules += [key >= places - self.left] if self.left >= 0 else []
        rules += [key <= places + self.right] if self.right >= 0 else []
        rules += [key < self.filled] if self.filled is not None else []
        found = rules[0]
        for rule in rules[1:]:
            found &= rule
        return found


def bias(q: Any, keys: Any, mask: Any | None, reach: Reach) -> Any | None:
    """0 where a query may look, minus infinity where not; None where it may look everywhere.

    Args:
        q: (batch, heads, queries, size).
        mask: booleans, or what is added to the scores; keys beyond its end may not be looked at.
    """
    import tensorflow as tf

    added = None if mask is None else _added(mask, keys, q.dtype)
    if reach.plain:
        return added
    allowed = reach.allowed(length(q, 2), keys)
    nothing = tf.constant(0, q.dtype) if added is None else added
    return tf.where(allowed, nothing, tf.constant(float("-inf"), q.dtype))


def _added(mask: Any, keys: Any, dtype: Any) -> Any:
    import tensorflow as tf

    whole = mask
    lowest = tf.constant(float("-inf"), dtype)
    if mask.dtype == tf.bool:
        whole = tf.where(mask, tf.constant(0, dtype), lowest)
    missing = keys - length(mask, -1)
    if not are_known([missing]) or missing > 0:
        pads: list[Any] = [(0, 0)] * (whole.shape.rank - 1) + [(0, missing)]
        whole = tf.pad(whole, pads, constant_values=lowest)
    return whole
