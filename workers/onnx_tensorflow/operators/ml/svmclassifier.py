"""SVMClassifier: the class that wins the most of the duels between two classes each."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.couplings import coupled
from workers.onnx_tensorflow.kernels import alike
from workers.onnx_tensorflow.scoring import both, chosen, labels_of, transformed

BINARY = 2
TINY = 1e-7
"""How close to certainty a duel may be."""


@operator("SVMClassifier")
def svm_classifier(
    x: tf.Tensor,
    *,
    classlabels_ints: list[int] | None,
    classlabels_strings: list[str] | None,
    coefficients: list[float],
    kernel_params: list[float] | None,
    kernel_type: str,
    post_transform: str,
    prob_a: list[float] | None,
    prob_b: list[float] | None,
    rho: list[float],
    support_vectors: list[float] | None,
    vectors_per_class: list[int] | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels, and scores as float32: probabilities of classes, or the duels."""
    labels = labels_of(classlabels_ints, classlabels_strings)
    count, rows = int(labels.shape[0]), tf.cast(x, tf.float32)
    factors = np.asarray(coefficients, np.float32)
    if not vectors_per_class:
        weights = factors.reshape(count, -1)
        scores = alike(rows, weights, kernel_type, kernel_params) + rho[0]
        return chosen(labels, tf.argmax(scores, axis=-1)), transformed(scores, post_transform)
    total = sum(vectors_per_class)
    vectors = np.asarray(support_vectors, np.float32).reshape(total, -1)
    near = alike(rows, vectors, kernel_type, kernel_params)
    duels = _Duels(count, vectors_per_class, factors.reshape(-1, total), rho)
    scores = duels.scores(near)
    index = tf.argmax(duels.votes(scores), axis=-1)
    if prob_a:
        shares = coupled(duels.chances(scores, prob_a, prob_b or [0.0] * len(prob_a)))
        return chosen(labels, index), transformed(shares, post_transform)
    if count == BINARY:
        return chosen(labels, index), both(scores, post_transform, positive=False)
    return chosen(labels, index), transformed(scores, post_transform)


@dataclass(frozen=True, slots=True)
class _Duels:
    """`factors` (classes - 1, support vectors): row j - 1 holds those of i against j."""

    count: int
    supports: list[int]
    factors: NDArray[np.float32]
    rho: list[float]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(self.count), 2))

    def scores(self, near: tf.Tensor) -> tf.Tensor:
        """Above 0 where the first of two classes wins; (rows, pairs)."""
        ends = np.cumsum([0, *self.supports])
        weights = np.zeros((len(self.pairs), int(ends[-1])), np.float32)
        for row, (i, j) in enumerate(self.pairs):
            first, second = slice(ends[i], ends[i + 1]), slice(ends[j], ends[j + 1])
            weights[row, first] = self.factors[j - 1, first]
            weights[row, second] = self.factors[i, second]
        return tf.linalg.matmul(near, weights, transpose_b=True) + tf.constant(self.rho)

    def votes(self, scores: tf.Tensor) -> tf.Tensor:
        """How many duels each class wins; (rows, classes)."""
        first = tf.one_hot([i for i, _ in self.pairs], self.count)
        second = tf.one_hot([j for _, j in self.pairs], self.count)
        won = tf.cast(scores > 0, tf.float32)
        return tf.linalg.matmul(won, first) + tf.linalg.matmul(1 - won, second)

    def chances(self, scores: tf.Tensor, a: list[float], b: list[float]) -> tf.Tensor:
        """Platt's probabilities that i wins against j; (rows, classes, classes)."""
        chance = 1 - tf.sigmoid(scores * tf.constant(a) + tf.constant(b))
        chance = tf.clip_by_value(chance, TINY, 1 - TINY)
        upper, lower = (
            tf.one_hot([i * self.count + j for i, j in pairs], self.count**2)
            for pairs in (self.pairs, [(j, i) for i, j in self.pairs])
        )
        flat = tf.linalg.matmul(chance, upper) + tf.linalg.matmul(1 - chance, lower)
        return tf.reshape(flat, [-1, self.count, self.count])
