"""Attention: values weighed by how well queries fit their keys, with or without a cache."""

import tensorflow as tf

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.attending import Scoring, heads_first, heads_joined, weighed
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.masking import Reach

PACKED = 3
"""Axes of queries that have their heads in the last one."""


@operator("Attention", since=23)
def attention(  # noqa: PLR0917 - ONNX's inputs
    q: tf.Tensor,
    k: tf.Tensor,
    v: tf.Tensor,
    mask: tf.Tensor | None = None,
    past_key: tf.Tensor | None = None,
    past_value: tf.Tensor | None = None,
    filled: tf.Tensor | None = None,
    *,
    is_causal: int,
    kv_num_heads: int | None,
    left_window_size: int | None,
    q_num_heads: int | None,
    qk_matmul_output_mode: int,
    right_window_size: int | None,
    scale: float | None,
    softcap: float,
    softmax_precision: int | None,
    node: Node,
) -> tuple[tf.Tensor, ...]:
    """q, k, v are (batch, heads, length, size), or (batch, length, heads * size) with `num_heads`.

    The past goes before k and v; or they are the whole cache, `filled` of it with more than
    padding.
    """
    packed = q.shape.rank == PACKED
    if packed:
        if not q_num_heads or not kv_num_heads:
            raise CannotTranslate("is given three axes and no number of heads")
        q = heads_first(q, q_num_heads)
        k, v = heads_first(k, kv_num_heads), heads_first(v, kv_num_heads)
    offset = 0
    if past_key is not None and past_value is not None:
        offset = length(past_key, 2)
        k, v = tf.concat([past_key, k], 2), tf.concat([past_value, v], 2)
    keys = None if filled is None else tf.cast(tf.reshape(filled, [-1, 1, 1, 1]), tf.int32)
    reach = Reach(
        offset=offset if keys is None or past_key is not None else keys - length(q, 2),
        causal=bool(is_causal),
        left=-1 if left_window_size is None else left_window_size,
        right=-1 if right_window_size is None else right_window_size,
        filled=keys,
    )
    precision = carrier(softmax_precision) if softmax_precision else None
    how = Scoring(scale=scale, softcap=softcap, precision=precision)
    found, scores = weighed(q, k, v, mask, reach, how)
    made = heads_joined(found) if packed else found
    if not any(node.outputs[1:]):
        return (made,)
    return made, k, v, scores[qk_matmul_output_mode]
