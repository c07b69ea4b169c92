"""Solving: a matrix that decays and is written to in each step, for all steps at once.

With u_s for what step s writes, and G_t for the decays up to step t added up (they are
logarithms), the state is S_t = e^(G_t) S_0 + sum over s <= t of e^(G_t - G_s) k_s u_s. Under the
delta rule u_t = beta_t (v_t - k_t e^(G_t) S_0 - sum over s < t of (k_t e^(G_t - G_s) k_s) u_s):
linear equations with a triangular matrix. No exponent above is positive, so nothing overflows.
"""

from dataclasses import dataclass
from typing import Any

from workers.onnx_tensorflow.attending import shared
from workers.onnx_tensorflow.extents import length


@dataclass(frozen=True, slots=True)
class Steps:
    """Keys and values by (batch, heads, steps, size).

    `decay` has as many features as a key has, or 1. With `beta`, (batch, heads or 1, steps, 1),
    what a key finds is corrected, not added to.
    """

    keys: Any
    values: Any
    decay: Any | None
    beta: Any | None


def run(steps: Steps, start: Any, queries: Any) -> tuple[Any, Any]:
    """What queries read after each step, and the state after the last."""
    import tensorflow as tf

    keys = steps.keys
    decay = tf.zeros_like(keys[..., :1]) if steps.decay is None else steps.decay
    total = tf.cumsum(decay, 2)
    written = _written(steps, start, total)
    heads = length(queries, 1)
    of_queries = shared(total, heads)
    weights = _weights(queries, shared(keys, heads), of_queries)
    read = tf.matmul(queries * tf.exp(of_queries), shared(start, heads))
    read += tf.matmul(weights, shared(written, heads))
    last = total[:, :, -1:]
    kept = tf.matmul(keys * tf.exp(last - total), written, transpose_a=True)
    return read, tf.exp(tf.linalg.matrix_transpose(last)) * start + kept


def _written(steps: Steps, start: Any, total: Any) -> Any:
    """What each step writes, as the delta rule wants it; or the values themselves."""
    import tensorflow as tf

    if steps.beta is None:
        return steps.values
    keys = steps.keys
    earlier = _weights(keys, keys, total)
    earlier -= tf.linalg.band_part(earlier, 0, -1)
    wanted = steps.values - tf.matmul(keys * tf.exp(total), start)
    matrix = steps.beta * earlier + tf.eye(length(keys, 2), dtype=keys.dtype)
    return tf.linalg.triangular_solve(matrix, steps.beta * wanted)


def _weights(one: Any, other: Any, total: Any) -> Any:
    """By step and earlier step, how much of the one's product with the other is left: 0 ahead."""
    import tensorflow as tf

    count = length(one, 2)
    behind = tf.linalg.band_part(tf.ones([count, count], tf.bool), -1, 0)
    between = tf.expand_dims(total, 3) - tf.expand_dims(total, 2)
    never = tf.constant(float("-inf"), total.dtype)
    left = tf.exp(tf.where(behind[..., tf.newaxis], between, never))
    if total.shape[3] == 1:
        return tf.matmul(one, other, transpose_b=True) * left[..., 0]
    return tf.reduce_sum(tf.expand_dims(one, 3) * tf.expand_dims(other, 2) * left, -1)
