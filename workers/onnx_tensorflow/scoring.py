"""Scoring: what classifiers and regressors make of their raw scores, as ONNX Runtime does it."""

from math import pi
from typing import Any

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate

TINY = 1e-7
"""What SOFTMAX_ZERO takes for zero."""


def transformed(scores: tf.Tensor, how: str) -> tf.Tensor:
    """Of two or more columns each row, of one column each element."""
    one = scores.shape[-1] == 1
    match how:
        case "NONE":
            return scores
        case "PROBIT":
            return _probit(scores)
        case _ if one:
            return scores
        case "LOGISTIC":
            return tf.sigmoid(scores)
        case "SOFTMAX":
            return tf.nn.softmax(scores)
        case "SOFTMAX_ZERO":
            kept = tf.abs(scores) > TINY
            most = tf.reduce_max(scores, axis=-1, keepdims=True)
            parts = tf.where(kept, tf.exp(scores - most), scores * tf.exp(-most))
            total = tf.reduce_sum(parts, axis=-1, keepdims=True)
            return tf.where(tf.equal(total, 0), tf.constant(0.5, scores.dtype), parts / total)
        case _:
            raise CannotTranslate(f"knows no post_transform {how!r}")


def both(score: tf.Tensor, how: str, *, positive: bool) -> tf.Tensor:
    """The scores of two classes from that of the second; (rows, 1) to (rows, 2).

    `positive`: it is a share of 1, as no weight that went into it is negative.
    """
    match how:
        case "PROBIT":
            return _probit(score)
        case "LOGISTIC":
            return tf.sigmoid(tf.concat([-score, score], axis=-1))
        case _:
            return tf.concat([1 - score if positive else -score, score], axis=-1)


def labels_of(ints: list[int] | None, words: list[str] | None) -> tf.Tensor:
    """The labels of classes: int64 or strings."""
    return tf.constant(words) if words else tf.constant(ints or [], tf.int64)


def chosen(labels: tf.Tensor, index: Any) -> tf.Tensor:
    """The label of the class of each row."""
    return tf.gather(labels, index)


def _probit(x: tf.Tensor) -> tf.Tensor:
    """With the inverse of the error function by Winitzki, as ONNX Runtime approximates it."""
    twice = 2 * x - 1
    log = tf.math.log((1 - twice) * (1 + twice))
    first = 2 / (pi * 0.147) + 0.5 * log
    inverse = tf.sqrt(-first + tf.sqrt(first * first - log / 0.147))
    return 1.41421356 * tf.sign(twice) * inverse
