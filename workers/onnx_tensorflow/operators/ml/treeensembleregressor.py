"""TreeEnsembleRegressor: what decision trees say together."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.forests import floating, forest
from workers.onnx_tensorflow.scoring import transformed

Doubles = NDArray[np.float64] | None


@operator("TreeEnsembleRegressor")
def tree_ensemble_regressor(
    x: tf.Tensor,
    *,
    aggregate_function: str,
    base_values: list[float] | None,
    base_values_as_tensor: Doubles,
    n_targets: int,
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
    target_ids: list[int],
    target_nodeids: list[int],
    target_treeids: list[int],
    target_weights: list[float] | None,
    target_weights_as_tensor: Doubles,
) -> tf.Tensor:
    """float32, (rows, targets)."""
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
    leaves = {
        "treeids": target_treeids,
        "nodeids": target_nodeids,
        "ids": target_ids,
        "weights": target_weights
        if target_weights_as_tensor is None
        else target_weights_as_tensor,
    }
    base = base_values if base_values_as_tensor is None else base_values_as_tensor.tolist()
    scores = forest(nodes, leaves, n_targets).aggregated(floating(x), aggregate_function, base)
    return transformed(tf.cast(scores, tf.float32), post_transform)
