"""Attending: values weighed by how well queries fit their keys."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

from workers.onnx_tensorflow.extents import length, lengths, reshaped
from workers.onnx_tensorflow.masking import Reach, bias

Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Scoring:
    """What is done to the products of queries and keys. None of `scale`: 1 / sqrt(size)."""

    scale: float | None = None
    softcap: float = 0.0
    precision: Any | None = None
    """In which the softmax is computed; float32 at least, if None."""
    score: Change | None = None
    """Done to the scores before the softmax, after `softcap` and the mask."""
    weight: Change | None = None
    """Done to the weights that the softmax gives."""


def heads_first(x: Any, heads: int) -> Any:
    """(batch, length, heads * size) as (batch, heads, length, size)."""
    import tensorflow as tf

    batch, steps, width = lengths(x)
    return tf.transpose(reshaped(x, [batch, steps, heads, width // heads]), [0, 2, 1, 3])


def heads_joined(x: Any) -> Any:
    """(batch, heads, length, size) as (batch, length, heads * size)."""
    import tensorflow as tf

    batch, heads, steps, size = lengths(x)
    return reshaped(tf.transpose(x, [0, 2, 1, 3]), [batch, steps, heads * size])


def shared(x: Any, heads: Any) -> Any:
    """Keys or values of fewer heads, each repeated for the group of queries that shares it."""
    import tensorflow as tf

    own = length(x, 1)
    return x if own == heads else tf.repeat(x, heads // own, 1)


def weighed(  # noqa: PLR0917 - what attention is of
    q: Any, k: Any, v: Any, mask: Any | None, reach: Reach, how: Scoring
) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """Of (batch, heads, length, size) each. A query that may look nowhere gets zeros.

    Returns what is attended to, and the scores as they are at first, after the softcap, after
    the mask, and as weights.
    """
    import tensorflow as tf

    k, v = shared(k, length(q, 1)), shared(v, length(q, 1))
    size = q.shape[3]
    factor = sqrt(how.scale) if how.scale is not None else float(size) ** -0.25
    by = tf.constant(factor, q.dtype)
    raw = tf.matmul(q * by, k * by, transpose_b=True)
    cap = tf.constant(how.softcap, q.dtype)
    capped = tf.tanh(raw / cap) * cap if how.softcap else raw
    added = bias(q, length(k, 2), mask, reach)
    masked = capped if added is None else capped + added
    scores = tf.cast(masked, how.precision or _wide(q.dtype))
    if how.score:
        scores = how.score(scores)
    weights = tf.nn.softmax(scores)
    if added is not None:
        nowhere = tf.reduce_all(tf.equal(added, tf.constant(float("-inf"), added.dtype)), -1, True)  # noqa: FBT003 - kept
        weights = tf.where(nowhere, tf.constant(0, weights.dtype), weights)
    if how.weight:
        weights = how.weight(weights)
    last = tf.cast(weights, q.dtype)
    return tf.matmul(last, v), (raw, capped, masked, last)


def _wide(dtype: Any) -> Any:
    import tensorflow as tf

    return tf.float32 if dtype in (tf.float16, tf.bfloat16) else dtype


FILTER = -10000.0
"""What ONNX Runtime adds to the scores of padding, unless a node has its own."""


def padding_bias(mask: Any, keys: Any, value: float | None, dtype: Any) -> Any:
    """What is added to scores: 0, or `value` for padding.

    Args:
        mask: how many keys are none, (batch); or 1 for those, (batch, keys), (batch, queries,
            keys) or (batch, 1, queries, keys).
    """
    import tensorflow as tf

    if mask.shape.rank == 1:
        kept = tf.range(keys) < tf.cast(tf.reshape(mask, [-1, 1, 1, 1]), tf.int32)
    else:
        kept = tf.not_equal(tf.cast(mask, tf.int32), 0)
        for _ in range(kept.shape.rank, 4):
            kept = tf.expand_dims(kept, 1)
    hidden = tf.constant(FILTER if value is None else value, dtype)
    return tf.where(kept, tf.constant(0, dtype), hidden)


def joined(one: Any | None, other: Any | None) -> Any | None:
    """Both added up, where there are both."""
    if one is None or other is None:
        return one if other is None else other
    return one + other
