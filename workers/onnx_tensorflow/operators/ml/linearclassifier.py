"""LinearClassifier: the class whose weighted sum of features is greatest."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.scoring import both, chosen, labels_of, transformed

BINARY = 2


@operator("LinearClassifier")
def linear_classifier(
    x: tf.Tensor,
    *,
    classlabels_ints: list[int] | None,
    classlabels_strings: list[str] | None,
    coefficients: list[float],
    intercepts: list[float] | None,
    post_transform: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels, and scores as float32. One sum for two classes is that of the second."""
    labels = labels_of(classlabels_ints, classlabels_strings)
    features = tf.cast(x, tf.float32)
    features = features[None] if x.shape.rank == 1 else features
    weights = np.asarray(coefficients, np.float32).reshape(-1, int(features.shape[-1]))
    scores = tf.linalg.matmul(features, weights, transpose_b=True)
    scores = scores + tf.constant(intercepts, tf.float32) if intercepts else scores
    if len(weights) > 1:
        return chosen(labels, tf.argmax(scores, axis=-1)), transformed(scores, post_transform)
    positive = tf.cast(scores[:, 0] > 0, tf.int32)
    if int(labels.shape[0]) == BINARY:
        return chosen(labels, positive), both(scores, post_transform, positive=True)
    plain = tf.constant(["0", "1"]) if labels.dtype == tf.string else tf.constant([0, 1], tf.int64)
    return chosen(plain, positive), transformed(scores, post_transform)
