"""StringNormalizer: words in one case, without those that are to be left out."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("StringNormalizer")
def string_normalizer(
    x: tf.Tensor, *, case_change_action: str, is_case_sensitive: int, stopwords: list[str] | None
) -> tf.Tensor:
    """(words) or (1, words); one empty word where none is left. Case is Unicode's."""
    words = tf.reshape(x, [-1])
    if stopwords:
        stops = tf.constant(stopwords)
        one, other = (words, stops) if is_case_sensitive else (_lower(words), _lower(stops))
        words = tf.boolean_mask(words, tf.reduce_all(one[:, None] != other, axis=1))
    match case_change_action:
        case "LOWER":
            words = _lower(words)
        case "UPPER":
            words = tf.strings.upper(words, encoding="utf-8")
        case _:
            pass
    missing = tf.maximum(1 - tf.size(words), 0)
    words = tf.concat([words, tf.fill([missing], "")], axis=0)
    return words[None] if x.shape.rank == 2 else words  # noqa: PLR2004 - as ONNX has it


def _lower(words: tf.Tensor) -> tf.Tensor:
    return tf.strings.lower(words, encoding="utf-8")
