"""TreeEnsemble: what decision trees say together, from tables of nodes and of leaves."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.forests import MEMBER, Forest
from workers.onnx_tensorflow.scoring import transformed

AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")

Array = NDArray[np.generic]


@operator("TreeEnsemble")
def tree_ensemble(
    x: tf.Tensor,
    *,
    aggregate_function: int,
    leaf_targetids: list[int],
    leaf_weights: Array,
    membership_values: Array | None,
    n_targets: int,
    nodes_falseleafs: list[int],
    nodes_falsenodeids: list[int],
    nodes_featureids: list[int],
    nodes_missing_value_tracks_true: list[int] | None,
    nodes_modes: Array,
    nodes_splits: Array,
    nodes_trueleafs: list[int],
    nodes_truenodeids: list[int],
    post_transform: int,
    tree_roots: list[int],
) -> tf.Tensor:
    """(rows, targets). The leaves follow the nodes in one table."""
    count, leaves = len(nodes_modes), len(leaf_weights)
    own = np.arange(count, count + leaves)

    def linked(ids: list[int], leafs: list[int]) -> Array:
        places = np.array(ids) + count * np.array(leafs)
        return np.concatenate([places, own]).astype(np.int32)

    def padded(values: Array, dtype: type) -> Array:
        return np.concatenate([values, np.zeros(leaves)]).astype(dtype)

    yes = linked(nodes_truenodeids, nodes_trueleafs)
    no = linked(nodes_falsenodeids, nodes_falseleafs)
    lone = (yes[:count] == no[:count]) & np.array(nodes_trueleafs, bool)
    roots = [int(yes[root]) if lone[root] else root for root in tree_roots]
    weights = np.zeros((count + leaves, n_targets))
    weights[own, leaf_targetids] = leaf_weights
    told = np.zeros(weights.shape, bool)
    told[own, leaf_targetids] = True
    missing = np.array(nodes_missing_value_tracks_true or [0] * count)
    trees = Forest(
        features=padded(np.array(nodes_featureids), np.int32),
        splits=padded(np.asarray(nodes_splits, np.float64), np.float64),
        modes=padded(nodes_modes, np.int32),
        yes=yes,
        no=no,
        missing=padded(missing, bool),
        roots=np.array(roots, np.int32),
        weights=weights,
        told=told,
        members=_members(nodes_modes, membership_values),
    )
    scores = trees.aggregated(x, AGGREGATES[aggregate_function], None)
    return transformed(scores, TRANSFORMS[post_transform])


def _members(modes: Array, values: Array | None) -> dict[int, list[float]]:
    """The sets of the nodes that ask for membership: one after the other, each ended by NaN."""
    found: dict[int, list[float]] = {}
    left = iter([] if values is None else values.tolist())
    for node in np.flatnonzero(modes == MEMBER).tolist():
        found[node] = []
        for number in left:
            if number != number:  # noqa: PLR0124 - only NaN is unlike itself
                break
            found[node].append(number)
    return found
