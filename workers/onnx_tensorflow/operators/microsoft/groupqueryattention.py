"""GroupQueryAttention: attention with a cache, as language models of ONNX Runtime's have it."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.attending import Scoring, heads_first, heads_joined, weighed
from workers.onnx_tensorflow.extents import greater, length, whole
from workers.onnx_tensorflow.masking import Reach
from workers.onnx_tensorflow.operators.tensorscatter import tensorscatter
from workers.onnx_tensorflow.rotation import rotated

PLAIN_INPUTS = 11
"""Those after are for caches and queries in other forms."""


def _refused(node: Node) -> str | None:
    if any(node.inputs[PLAIN_INPUTS:]) or node.attributes.get("smooth_softmax"):
        return "has a quantised cache, a sink for its heads or norms of its own"
    return None


@operator("GroupQueryAttention", refuses=_refused)
def groupqueryattention(  # noqa: PLR0917 - ONNX Runtime's inputs
    query: tf.Tensor,
    key: tf.Tensor | None,
    value: tf.Tensor | None,
    past_key: tf.Tensor | None,
    past_value: tf.Tensor | None,
    last: tf.Tensor,
    total: Number,
    cos: tf.Tensor | None = None,
    sin: tf.Tensor | None = None,
    position_ids: tf.Tensor | None = None,
    attention_bias: tf.Tensor | None = None,
    *,
    do_rotary: int | None,
    kv_num_heads: int,
    local_window_size: int | None,
    num_heads: int,
    rotary_interleaved: int | None,
    scale: float | None,
    softcap: float | None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """query is (batch, length, heads * size), or has keys and values behind it; the past is
    (batch, heads, room, size), of which `last` + 1 less the new ones are filled by example."""
    if key is None or value is None:
        size = query.shape[2] // (num_heads + 2 * kv_num_heads)
        widths = [num_heads * size, kv_num_heads * size, kv_num_heads * size]
        query, key, value = tf.split(query, widths, 2)
    q = heads_first(query, num_heads)
    k, v = heads_first(key, kv_num_heads), heads_first(value, kv_num_heads)
    count = length(q, 2)
    filled = tf.cast(tf.reshape(last, [-1]), tf.int32) + 1
    start = tf.maximum(filled - count, 0)
    if do_rotary and cos is not None and sin is not None:
        places = start[:, tf.newaxis] + tf.range(count)
        at = places if position_ids is None else position_ids
        turns = tf.gather(cos, at), tf.gather(sin, at)
        q, k = (_turned(each, *turns, interleaved=bool(rotary_interleaved)) for each in (q, k))
    k, v = (
        _written(past, new, start, whole(total)) for past, new in ((past_key, k), (past_value, v))
    )
    reach = Reach(
        offset=tf.reshape(start, [-1, 1, 1, 1]),
        causal=True,
        left=-1 if local_window_size is None or local_window_size < 1 else local_window_size - 1,
        filled=tf.reshape(filled, [-1, 1, 1, 1]),
    )
    how = Scoring(scale=scale or None, softcap=softcap or 0.0)
    return heads_joined(weighed(q, k, v, attention_bias, reach, how)[0]), k, v


def _turned(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, *, interleaved: bool) -> tf.Tensor:
    by_head = tf.transpose(x, [0, 2, 1, 3])
    turned = rotated(by_head, cos, sin, 2 * cos.shape[-1], interleaved=interleaved)
    return tf.transpose(turned, [0, 2, 1, 3])


def _written(past: tf.Tensor | None, new: tf.Tensor, start: tf.Tensor, total: Any) -> tf.Tensor:
    """A cache with room for all, and what is new at its places."""
    own = 0 if past is None else length(past, 2)
    empty = [length(new, 0), length(new, 1), greater(own, total) - own, length(new, 3)]
    room = tf.zeros(tf.stack(empty), new.dtype)
    cache = room if past is None else tf.concat([past, room], 2)
    return tensorscatter(cache, new, start, axis=2, mode="linear")
