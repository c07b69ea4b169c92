"""Attention: projections of one input to queries, keys and values, and attention among them."""

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


@operator("Attention")
def attention(  # noqa: PLR0917 - ONNX Runtime's inputs
    x: tf.Tensor,
    weights: tf.Tensor,
    bias: tf.Tensor | None = None,
    mask: tf.Tensor | None = None,
    past: tf.Tensor | None = None,
    attention_bias: tf.Tensor | None = None,
    past_length: tf.Tensor | None = None,
    *,
    do_rotary: int | None,
    mask_filter_value: float | None,
    num_heads: int,
    qkv_hidden_sizes: list[int] | None,
    scale: float | None,
    unidirectional: int | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """x is (batch, length, size), weights (size, sum of the three); the past is (2, batch, heads,
    length, size), and goes before the present."""
    if do_rotary or past_length is not None:
        raise CannotTranslate("turns its features, or shares a buffer with its past")
    projected = tf.matmul(x, weights)
    if bias is not None:
        projected += bias
    sizes = qkv_hidden_sizes or [weights.shape[1] // 3] * 3
    q, k, v = (heads_first(each, num_heads) for each in tf.split(projected, sizes, 2))
    offset = 0
    if past is not None:
        offset = length(past, 3)
        k, v = tf.concat([past[0], k], 2), tf.concat([past[1], v], 2)
    hidden = None
    if mask is not None:
        hidden = padding_bias(mask, length(k, 2), mask_filter_value, q.dtype)
    found = weighed(
        q,
        k,
        v,
        joined(hidden, attention_bias),
        Reach(offset=offset, causal=bool(unidirectional)),
        Scoring(scale=scale or None),
    )[0]
    present = tf.stack([k, v]) if k.shape[3] == v.shape[3] else k
    return heads_joined(found), present
