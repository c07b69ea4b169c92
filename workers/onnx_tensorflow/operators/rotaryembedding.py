"""RotaryEmbedding: pairs of features turned by an angle that the position tells."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, reshaped
from workers.onnx_tensorflow.rotation import heads_last, rotated

HEADS_APART = 4


@operator("RotaryEmbedding", since=23)
def rotaryembedding(
    x: tf.Tensor,
    cos: tf.Tensor,
    sin: tf.Tensor,
    position_ids: tf.Tensor | None = None,
    *,
    interleaved: int,
    num_heads: int | None,
    rotary_embedding_dim: int,
) -> tf.Tensor:
    """x is (batch, heads, length, size) or (batch, length, heads * size).

    The caches are by position, or without `position_ids` by example and place.
    """
    if position_ids is not None:
        cos, sin = tf.gather(cos, position_ids), tf.gather(sin, position_ids)
    apart = x.shape.rank == HEADS_APART
    by_head = tf.transpose(x, [0, 2, 1, 3]) if apart else heads_last(x, num_heads or 1)
    turned = rotated(by_head, cos, sin, rotary_embedding_dim, interleaved=bool(interleaved))
    return tf.transpose(turned, [0, 2, 1, 3]) if apart else reshaped(turned, lengths(x))
