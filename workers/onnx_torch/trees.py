"""Trees: ensembles of decision trees as tables, gone down in all trees and rows at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate

MODES: Final = ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER")
"""By their numbers in TreeEnsemble; the older operators put BRANCH_ before the names."""

COMPARISONS: Final[tuple[Callable[..., Tensor], ...]] = (
    torch.le,
    torch.lt,
    torch.ge,
    torch.gt,
    torch.eq,
    torch.ne,
)
"""Of the modes before the last, in their order."""

LEAF: Final = -1

AGGREGATES: Final = ("AVERAGE", "SUM", "MIN", "MAX")


@dataclass(frozen=True, slots=True)
class Forest:
    """One entry for each node. A leaf is its own child; `weights` are (nodes, targets), not a
    number where a node says nothing of a target."""

    roots: NDArray[Any]
    features: NDArray[Any]
    modes: NDArray[Any]
    splits: NDArray[Any]
    yes: NDArray[Any]
    no: NDArray[Any]
    missing: NDArray[Any]
    weights: NDArray[Any]
    members: Mapping[int, Sequence[float]]

    @property
    def depth(self) -> int:
        """How many questions the longest way down asks.

        Raises:
            CannotTranslate: a way leads back to a node that it came from.
        """
        level, depth = np.unique(self.roots), 0
        while len(level := level[self.modes[level] != LEAF]):
            level = np.unique(np.concatenate((self.yes[level], self.no[level])))
            depth += 1
            if depth > len(self.modes):
                raise CannotTranslate("has trees whose nodes lead to each other in a circle")
        return depth


def aggregated(x: Tensor, forest: Forest, aggregate: str) -> Tensor:
    """What the leaves that each row of `x` ends in say together; (rows, targets)."""
    leaves = _leaves(x, forest)
    weights = torch.from_numpy(forest.weights)
    if aggregate in {"SUM", "AVERAGE"}:
        total = torch.nan_to_num(weights)[leaves].sum(1)
        return total / len(forest.roots) if aggregate == "AVERAGE" else total
    void = torch.inf if aggregate == "MIN" else -torch.inf
    said = torch.where(weights.isnan(), void, weights)[leaves]
    best = said.amin(1) if aggregate == "MIN" else said.amax(1)
    return torch.where(best == void, 0, best)


def _leaves(x: Tensor, forest: Forest) -> Tensor:
    """The node in which each row ends, by tree; (rows, trees)."""
    features, splits = torch.from_numpy(forest.features), torch.from_numpy(forest.splits)
    yes, no = torch.from_numpy(forest.yes), torch.from_numpy(forest.no)
    modes, missing = torch.from_numpy(forest.modes), torch.from_numpy(forest.missing)
    kinds = sorted({int(mode) for mode in forest.modes} - {LEAF})
    at = torch.from_numpy(forest.roots).expand(x.shape[0], -1)
    for _ in range(forest.depth):
        value = x.gather(1, features[at]).to(splits.dtype)
        holds = None
        for kind in kinds:
            held = _compared(kind, value, splits[at], at, forest)
            holds = held if holds is None else torch.where(modes[at] == kind, held, holds)
        if forest.missing.any():
            holds = holds | (missing[at] & value.isnan())
        at = torch.where(holds, yes[at], no[at])
    return at


def _compared(kind: int, value: Tensor, split: Tensor, at: Tensor, forest: Forest) -> Tensor:
    if kind < len(COMPARISONS):
        return COMPARISONS[kind](value, split)
    longest = max(map(len, forest.members.values()), default=1)
    table = np.full((len(forest.modes), longest), np.nan, forest.splits.dtype)
    for node, numbers in forest.members.items():
        table[node, : len(numbers)] = numbers
    return (torch.from_numpy(table)[at] == value[..., None]).any(-1)


def grown(attributes: Mapping[str, Any], leaves: str, targets: int) -> Forest:
    """From the attributes of the older operators; `leaves` is "class" or "target".

    Raises:
        CannotTranslate: a child or a weight is of a node that does not exist.
    """
    trees, nodes = attributes["nodes_treeids"], attributes["nodes_nodeids"]
    place = {key: index for index, key in enumerate(zip(trees, nodes, strict=True))}
    modes = [_mode(each) for each in attributes["nodes_modes"]]
    own = np.arange(len(modes))
    leaf = np.array(modes) == LEAF
    ways = []
    for name in ("nodes_truenodeids", "nodes_falsenodeids"):
        rows = zip(own, trees, attributes[name], leaf, strict=True)
        found = [index if end else _found(place, tree, to) for index, tree, to, end in rows]
        ways.append(np.array(found, np.int64))
    inner = np.zeros(len(modes), bool)
    for children in ways:
        inner[children[children != own]] = True
    roots: dict[int, int] = {}
    for index in np.flatnonzero(~inner):
        roots.setdefault(trees[index], int(index))
    tracks = attributes.get("nodes_missing_value_tracks_true") or [0] * len(modes)
    return Forest(
        roots=np.array(list(roots.values()), np.int64),
        features=np.array(attributes["nodes_featureids"], np.int64),
        modes=np.array(modes, np.int64),
        splits=_numbers(attributes, "nodes_values"),
        yes=ways[0],
        no=ways[1],
        missing=np.array(tracks, bool),
        weights=_weights(attributes, leaves, targets, place),
        members={},
    )


def _weights(
    attributes: Mapping[str, Any],
    leaves: str,
    targets: int,
    place: Mapping[tuple[int, int], int],
) -> NDArray[Any]:
    told = _numbers(attributes, f"{leaves}_weights")
    weights = np.full((len(place), targets), np.nan, told.dtype)
    keys = (attributes[f"{leaves}_{name}"] for name in ("treeids", "nodeids", "ids"))
    for tree, node, target, weight in zip(*keys, told, strict=True):
        index = _found(place, tree, node)
        weights[index, target] = weight + np.nan_to_num(weights[index, target])
    return weights


def _mode(name: str) -> int:
    if name == "LEAF":
        return LEAF
    short = name.removeprefix("BRANCH_")
    if short not in MODES:
        raise CannotTranslate(f"has a node of the mode '{name}', which ONNX does not know")
    return MODES.index(short)


def _found(place: Mapping[tuple[int, int], int], tree: int, node: int) -> int:
    if (tree, node) not in place:
        raise CannotTranslate(f"speaks of node {node} in tree {tree}, where there is none")
    return place[tree, node]


def _numbers(attributes: Mapping[str, Any], name: str) -> NDArray[Any]:
    """A list of floats, or a tensor of doubles since version 3."""
    told = attributes.get(f"{name}_as_tensor")
    return np.array(attributes[name], np.float32) if told is None else told.reshape(-1)
