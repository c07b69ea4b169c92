"""TreeEnsemble: decision trees, whose leaves are a table of their own."""

from typing import Any

import numpy as np
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.scores import transformed
from workers.onnx_torch.trees import AGGREGATES, LEAF, MODES, Forest, aggregated

POSTS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
"""By their numbers."""


@operator("TreeEnsemble", since=5)
def tree_ensemble(
    x: Tensor, *, aggregate_function: int, n_targets: int, node: Any, post_transform: int
) -> Tensor:
    """Comparisons are made in the type of the thresholds."""
    forest = _forest(node.attributes, n_targets)
    total = aggregated(x, forest, AGGREGATES[aggregate_function])
    return transformed(total, POSTS[post_transform]).to(x.dtype)


def _forest(given: Any, targets: int) -> Forest:
    """Leaves come after the nodes, as nodes without a question."""
    modes = given["nodes_modes"].astype(np.int64)
    count, leaves = len(modes), len(given["leaf_targetids"])
    own = count + np.arange(leaves)
    splits = given["nodes_splits"]
    wide = splits.dtype if splits.dtype.itemsize >= 4 else np.dtype(np.float32)  # noqa: PLR2004
    weights = np.full((count + leaves, targets), np.nan, wide)
    weights[own, given["leaf_targetids"]] = given["leaf_weights"].astype(wide)
    zeros = np.zeros(leaves, np.int64)
    ways = [
        np.concatenate((np.array(ids) + count * np.array(ends), own))
        for ids, ends in (
            (given["nodes_truenodeids"], given["nodes_trueleafs"]),
            (given["nodes_falsenodeids"], given["nodes_falseleafs"]),
        )
    ]
    if any(((way < 0) | (way >= count + leaves)).any() for way in ways):
        raise CannotTranslate("has a node whose child does not exist")
    tracks = given.get("nodes_missing_value_tracks_true") or [0] * count
    return Forest(
        roots=np.array(given["tree_roots"], np.int64),
        features=np.concatenate((given["nodes_featureids"], zeros)),
        modes=np.concatenate((modes, zeros + LEAF)),
        splits=np.concatenate((splits.astype(wide), zeros.astype(wide))),
        yes=ways[0],
        no=ways[1],
        missing=np.concatenate((np.array(tracks, bool), zeros.astype(bool))),
        weights=weights,
        members=_members(modes, given.get("membership_values")),
    )


def _members(modes: Any, values: Any) -> dict[int, list[float]]:
    """Sets follow each other, each with a NaN at its end."""
    asking = [int(each) for each in np.flatnonzero(modes == MODES.index("MEMBER"))]
    sets: list[list[float]] = [[]]
    for value in [] if values is None else values.reshape(-1):
        if np.isnan(value):
            sets.append([])
        else:
            sets[-1].append(float(value))
    if len(sets) - 1 < len(asking):
        raise CannotTranslate("has fewer sets than nodes that ask for membership")
    return dict(zip(asking, sets, strict=False))
