"""MultiHeadAttention: attention of queries to keys that are projected already."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.attending import (
    Scoring,
    heads_first,
    heads_joined,
    joined,
    padding_bias,
    weighed,
)
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.masking import Reach

PARTED = 4
"""Axes of keys whose heads are apart."""


@operator("MultiHeadAttention")
def multiheadattention(  # noqa: PLR0917 - ONNX Runtime's inputs
    query: tf.Tensor,
    key: tf.Tensor | None = None,
    value: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
    padding: tf.Tensor | None = None,
    attention_bias: tf.Tensor | None = None,
    past_key: tf.Tensor | None = None,
    past_value: tf.Tensor | None = None,
    past_length: tf.Tensor | None = None,
    indirection: tf.Tensor | None = None,
    *,
    mask_filter_value: float | None,
    num_heads: int,
    scale: float | None,
    unidirectional: int | None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Each is (batch, length, heads * size); keys and values may be (batch, heads, length, size),
    and all three may be packed into the query as (batch, length, heads, 3, size)."""
    if past_length is not None or indirection is not None:
        raise CannotTranslate("shares a buffer with its past")
    q, k, v = _parted(query, key, value, bias, num_heads)
    offset = 0
    if past_key is not None and past_value is not None:
        offset = length(past_key, 2)
        k, v = tf.concat([past_key, k], 2), tf.concat([past_value, v], 2)
    hidden = None
    if padding is not None:
        hidden = padding_bias(padding, length(k, 2), mask_filter_value, q.dtype)
    found = weighed(
        q,
        k,
        v,
        joined(hidden, attention_bias),
        Reach(offset=offset, causal=bool(unidirectional)),
        Scoring(scale=scale or None),
    )[0]
    return heads_joined(found), k, v


def _parted(
    query: tf.Tensor,
    key: tf.Tensor | None,
    value: tf.Tensor | None,
    bias: tf.Tensor | None,
    heads: int,
) -> list[tf.Tensor]:
    """Queries, keys and values, each (batch, heads, length, size) with its part of the bias."""
    if key is None:
        parts = [tf.transpose(each, [0, 2, 1, 3]) for each in tf.unstack(query, axis=3)]
    elif value is None:
        packed = [tf.transpose(each, [0, 2, 1, 3]) for each in tf.unstack(key, axis=3)]
        parts = [heads_first(query, heads), *packed]
    else:
        parts = [
            each if each.shape.rank == PARTED else heads_first(each, heads)
            for each in (query, key, value)
        ]
    if bias is None:
        return parts
    moved = tf.split(bias, [heads * each.shape[3] for each in parts])
    return [
        each + tf.reshape(own, [1, heads, 1, each.shape[3]])
        for each, own in zip(parts, moved, strict=True)
    ]
