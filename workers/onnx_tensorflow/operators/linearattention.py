"""LinearAttention: a state that keys write to and queries read from, step after step."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.attending import heads_first, heads_joined
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.solving import Steps, run


@operator("LinearAttention")
def linearattention(  # noqa: PLR0917 - ONNX's inputs
    q: tf.Tensor,
    k: tf.Tensor,
    v: tf.Tensor,
    past: tf.Tensor | None = None,
    decay: tf.Tensor | None = None,
    beta: tf.Tensor | None = None,
    *,
    kv_num_heads: int,
    q_num_heads: int,
    scale: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """All steps at once; the rule is told by whether there are `decay` and `beta`.

    q, k, v are (batch, steps, heads * size), the state is (batch, heads, size of k, size of v).
    """
    queries = _heads(q, q_num_heads)
    size = queries.shape[3]
    shape = tf.stack([length(q, 0), kv_num_heads, size, length(v, 2) // kv_num_heads])
    start = tf.zeros(shape) if past is None else tf.cast(past, tf.float32)
    steps = Steps(
        keys=_heads(k, kv_num_heads),
        values=_heads(v, kv_num_heads),
        decay=None if decay is None else _heads(decay, kv_num_heads),
        beta=None if beta is None else _heads(beta, length(beta, 2)),
    )
    read, state = run(steps, start, queries)
    found = heads_joined(read * (scale or float(size) ** -0.5))
    return tf.cast(found, q.dtype), tf.cast(state, q.dtype if past is None else past.dtype)


def _heads(x: tf.Tensor, heads: int) -> tf.Tensor:
    return heads_first(tf.cast(x, tf.float32), heads)
