"""Couplings: the probabilities of classes from those of each against each other.

The second method of Wu, Lin and Weng, "Probability Estimates for Multi-class Classification by
Pairwise Coupling" (2004), with libsvm's steps.
"""

import tensorflow as tf

RUNS = 100


def coupled(pairs: tf.Tensor) -> tf.Tensor:
    """(rows, classes, classes), element (i, j) that of i against j; (rows, classes)."""
    count = int(pairs.shape[-1])
    other = 1 - tf.eye(count)
    against = tf.transpose(pairs, [0, 2, 1]) * other
    own = tf.linalg.diag(tf.reduce_sum(against * against, axis=2))
    matrix = own - against * tf.transpose(against, [0, 2, 1])
    start = tf.fill(tf.shape(pairs)[:2], 1.0 / count)
    most = 0.005 / count

    def apart(shares: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        given = tf.linalg.matvec(matrix, shares)
        total = tf.reduce_sum(shares * given, axis=1, keepdims=True)
        return given, total, tf.reduce_max(tf.abs(given - total), axis=1, keepdims=True)

    def step(run: tf.Tensor, shares: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        given, total, error = apart(shares)
        better = shares
        for each in range(count):
            line = matrix[:, each]
            diagonal = line[:, each : each + 1]
            change = (total - given[:, each : each + 1]) / diagonal
            better = better + change * tf.one_hot(each, count)
            total = (total + change * (change * diagonal + 2 * given[:, each : each + 1])) / (
                1 + change
            ) ** 2
            given = (given + change * line) / (1 + change)
            better = better / (1 + change)
        return run + 1, tf.where(error < most, shares, better)

    def going(run: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        return (run < max(RUNS, count)) & tf.reduce_any(apart(shares)[2] >= most)

    return tf.while_loop(going, step, (tf.constant(0), start))[1]
