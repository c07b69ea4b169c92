"""RotaryEmbedding: pairs of features turned by an angle that the position tells."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length, lengths, reshaped
from workers.onnx_tensorflow.rotation import heads_last, rotated

HEADS_APART = 4


@operator("RotaryEmbedding")
def rotaryembedding(
    x: tf.Tensor,
    position_ids: tf.Tensor,
    cos: tf.Tensor,
    sin: tf.Tensor,
    *,
    interleaved: int | None,
    num_heads: int | None,
    rotary_embedding_dim: int | None,
) -> tf.Tensor:
    """x is (batch, heads, length, size) or (batch, length, heads * size); caches are by position.

    `position_ids` are (batch, length), or the first one of every example.
    """
    apart = x.shape.rank == HEADS_APART
    places = position_ids
    if places.shape.rank == 1:
        count = length(x, 2 if apart else 1)
        places = tf.cast(places, tf.int32)[:, tf.newaxis] + tf.range(count)
    heads = num_heads or x.shape[-1] // (2 * cos.shape[1])
    by_head = tf.transpose(x, [0, 2, 1, 3]) if apart else heads_last(x, heads)
    turned = rotated(
        by_head,
        tf.gather(cos, places),
        tf.gather(sin, places),
        rotary_embedding_dim,
        interleaved=bool(interleaved),
    )
    return tf.transpose(turned, [0, 2, 1, 3]) if apart else reshaped(turned, lengths(x))
