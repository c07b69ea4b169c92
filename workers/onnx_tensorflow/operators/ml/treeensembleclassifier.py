"""TreeEnsembleClassifier: the class that decision trees vote for."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.forests import floating, forest
from workers.onnx_tensorflow.scoring import both, chosen, labels_of, transformed

Doubles = NDArray[np.float64] | None
BINARY = 2


@operator("TreeEnsembleClassifier")
def tree_ensemble_classifier(
    x: tf.Tensor,
    *,
    base_values: list[float] | None,
    base_values_as_tensor: Doubles,
    class_ids: list[int],
    class_nodeids: list[int],
    class_treeids: list[int],
    class_weights: list[float] | None,
    class_weights_as_tensor: Doubles,
    classlabels_int64s: list[int] | None,
    classlabels_strings: list[str] | None,
    nodes_falsenodeids: list[int],
    nodes_featureids: list[int],
    nodes_missing_value_tracks_true: list[int] | None,
    nodes_modes: list[str],
    nodes_nodeids: list[int],
    nodes_treeids: list[int],
    nodes_truenodeids: list[int],
    nodes_values: list[float] | None,
    nodes_values_as_tensor: Doubles,
    post_transform: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels, and scores as float32. Votes for one of two classes alone are for the second."""
    nodes = {
        "treeids": nodes_treeids,
        "nodeids": nodes_nodeids,
        "featureids": nodes_featureids,
        "values": nodes_values if nodes_values_as_tensor is None else nodes_values_as_tensor,
        "modes": nodes_modes,
        "truenodeids": nodes_truenodeids,
        "falsenodeids": nodes_falsenodeids,
        "missing": nodes_missing_value_tracks_true,
    }
    weights = class_weights if class_weights_as_tensor is None else class_weights_as_tensor
    labels = labels_of(classlabels_int64s, classlabels_strings)
    count = int(labels.shape[0])
    single = count == BINARY and len(set(class_ids)) == 1
    leaves = {
        "treeids": class_treeids,
        "nodeids": class_nodeids,
        "ids": [0] * len(class_ids) if single else class_ids,
        "weights": weights,
    }
    base = base_values if base_values_as_tensor is None else base_values_as_tensor.tolist()
    base = base[-1:] if base and single else base
    trees = forest(nodes, leaves, 1 if single else count)
    scores = tf.cast(trees.aggregated(floating(x), "SUM", base), tf.float32)
    if not single:
        return chosen(labels, tf.argmax(scores, axis=-1)), transformed(scores, post_transform)
    positive = all(weight >= 0 for weight in weights or [])
    second = tf.cast(scores[:, 0] > (0.5 if positive else 0.0), tf.int32)
    if class_ids[0]:
        scores = tf.concat([tf.zeros_like(scores), scores], axis=-1)
        return chosen(labels, second), transformed(scores, post_transform)
    return chosen(labels, second), both(scores, post_transform, positive=positive)
