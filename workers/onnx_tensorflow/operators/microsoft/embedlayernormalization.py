"""EmbedLayerNormalization: embeddings of words, places and segments, added up and normalised."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import length
from workers.onnx_tensorflow.skipping import LEAST, layer_norm


@operator("EmbedLayerNormalization")
def embedlayernormalization(  # noqa: PLR0917 - ONNX Runtime's inputs
    words: tf.Tensor,
    segments: tf.Tensor | None,
    word_embedding: tf.Tensor,
    position_embedding: tf.Tensor,
    segment_embedding: tf.Tensor | None,
    gamma: tf.Tensor,
    beta: tf.Tensor,
    mask: tf.Tensor | None = None,
    positions: tf.Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Ids are (batch, length). The second output is how many of each are not masked."""
    places = tf.range(length(words, 1)) if positions is None else positions
    added = tf.gather(word_embedding, words) + tf.gather(position_embedding, places)
    if segments is not None and segment_embedding is not None:
        added += tf.gather(segment_embedding, segments)
    found = layer_norm(added, gamma, beta, LEAST if epsilon is None else epsilon)[0]
    if mask is None:
        counts = tf.zeros(tf.stack([length(words, 0)]), tf.int32)
    else:
        counts = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
    return found, counts, added
