"""TfIdfVectorizer: how often the n-grams of a pool are in rows of words or numbers."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import greater, length


@operator("TfIdfVectorizer")
def tf_idf_vectorizer(
    x: tf.Tensor,
    *,
    max_gram_length: int,
    max_skip_count: int,
    min_gram_length: int,
    mode: str,
    ngram_counts: list[int],
    ngram_indexes: list[int],
    pool_int64s: list[int] | None,
    pool_strings: list[str] | None,
    weights: list[float] | None,
) -> tf.Tensor:
    """Words of an n-gram may be up to `max_skip_count` apart; (columns) or (rows, columns)."""
    rows = tf.reshape(x, [-1, length(x, -1)])
    size = max(ngram_indexes) + 1
    total = tf.zeros([tf.shape(rows)[0], size])
    pool = pool_strings or pool_int64s or []
    first = 0
    for position, begin in enumerate(ngram_counts):
        n = position + 1
        end = ngram_counts[n] if n < len(ngram_counts) else len(pool)
        columns = ngram_indexes[first : first + (end - begin) // n]
        first += len(columns)
        if not min_gram_length <= n <= max_gram_length or not columns:
            continue
        grams = np.array(pool[begin:end]).reshape(-1, n)
        for skip in range(1 if n == 1 else max_skip_count + 1):
            found = _counted(rows, grams, skip + 1)
            total = total + tf.linalg.matmul(found, _into(columns, size))
    made = _weighted(total, mode, weights)
    return made[0] if x.shape.rank == 1 else made


def _counted(rows: tf.Tensor, grams: NDArray[np.generic], step: int) -> tf.Tensor:
    """How often each row has each n-gram whose words are `step` apart; (rows, n-grams)."""
    n = grams.shape[1]
    count = greater(length(rows, 1) - (n - 1) * step, 0)
    same = None
    for place in range(n):
        words = rows[:, place * step : place * step + count]
        key = tf.constant(grams[:, place].tolist(), rows.dtype)
        here = words[:, :, None] == key
        same = here if same is None else same & here
    return tf.reduce_sum(tf.cast(same, tf.float32), axis=1)


def _into(columns: list[int], size: int) -> tf.Tensor:
    """Adds up the n-grams that share a column."""
    return tf.one_hot(columns, size)


def _weighted(total: tf.Tensor, mode: str, weights: list[float] | None) -> tf.Tensor:
    factors = tf.constant(weights, tf.float32) if weights else tf.constant(1.0)
    match mode:
        case "IDF":
            return tf.cast(total > 0, tf.float32) * factors
        case "TFIDF":
            return total * factors
        case _:
            return total
