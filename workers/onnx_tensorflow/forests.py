"""Forests: decision trees whose nodes are rows of tables, walked for all rows at once."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.refusals import CannotTranslate

Column = NDArray[Any]

MODES: Final = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
"""By TreeEnsemble's numbers; the older operators have the names."""

MEMBER: Final = 6


@dataclass(frozen=True, slots=True)
class Forest:
    """Tables of nodes. A leaf's `yes` and `no` are itself; `weights` are (nodes, targets), with
    `fill` for a target that a leaf says nothing of. `members` are those of a node's set.
    """

    features: Column
    splits: Column
    modes: Column
    yes: Column
    no: Column
    missing: Column
    roots: Column
    weights: Column
    told: Column
    members: dict[int, list[float]]

    def leaves(self, x: tf.Tensor) -> tf.Tensor:
        """The leaf of each row in each tree; (rows, trees)."""
        place = tf.repeat(tf.constant(self.roots, tf.int32)[None], tf.shape(x)[0], axis=0)
        for _ in range(self._depth()):
            value = tf.gather(x, tf.gather(self.features, place), batch_dims=1)
            holds = self._compared(value, place)
            if self.missing.any():
                holds |= tf.gather(self.missing, place) & tf.math.is_nan(value)
            place = tf.where(holds, tf.gather(self.yes, place), tf.gather(self.no, place))
        return place

    def aggregated(self, x: tf.Tensor, how: str, base: list[float] | None) -> tf.Tensor:
        """What the trees say together; (rows, targets) in the dtype of `x`."""
        place = self.leaves(x)
        said = tf.gather(tf.constant(self.weights, x.dtype), place)
        match how:
            case "SUM":
                total = tf.reduce_sum(said, axis=1)
            case "AVERAGE":
                total = tf.reduce_sum(said, axis=1) / len(self.roots)
            case "MIN" | "MAX":
                total = self._extreme(said, place, least=how == "MIN")
            case _:
                raise CannotTranslate(f"knows no aggregate_function {how!r}")
        return total if base is None or not len(base) else total + tf.constant(base, x.dtype)

    def _extreme(self, said: tf.Tensor, place: tf.Tensor, *, least: bool) -> tf.Tensor:
        told = tf.gather(self.told, place)
        away = said.dtype.max if least else said.dtype.min
        only = tf.where(told, said, tf.constant(away, said.dtype))
        found = tf.reduce_min(only, axis=1) if least else tf.reduce_max(only, axis=1)
        return tf.where(tf.reduce_any(told, axis=1), found, tf.zeros([], said.dtype))

    def _compared(self, value: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        split = tf.gather(tf.constant(self.splits, value.dtype), place)
        inner = self.yes != np.arange(len(self.yes))
        used = sorted(set(self.modes[inner].tolist()))
        mode = tf.gather(self.modes, place) if len(used) > 1 else None
        holds = tf.zeros(tf.shape(value), tf.bool)
        for each in used:
            here = self._holds(each, value, split, place)
            holds = here if mode is None else tf.where(tf.equal(mode, each), here, holds)
        return holds

    def _holds(self, mode: int, value: tf.Tensor, split: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
        if mode == MEMBER:
            most = max(map(len, self.members.values()))
            table = np.full((len(self.modes), most), np.nan)
            for node, numbers in self.members.items():
                table[node, : len(numbers)] = numbers
            sets = tf.gather(tf.constant(table, value.dtype), place)
            return tf.reduce_any(tf.equal(value[..., None], sets), axis=-1)
        compare = (
            tf.less_equal, tf.less, tf.greater_equal, tf.greater, tf.equal, tf.not_equal
        )  # fmt: skip
        return compare[mode](value, split)

    def _depth(self) -> int:
        """Steps from the roots until all have come to a leaf."""
        at = np.unique(self.roots)
        for depth in range(len(self.yes) + 1):
            inner = at[self.yes[at] != at]
            if not inner.size:
                return depth
            at = np.unique(np.concatenate([self.yes[inner], self.no[inner]]))
        raise CannotTranslate("has a tree that leads back to where it came from")


def floating(x: tf.Tensor) -> tf.Tensor:
    """Integers as float32."""
    return x if x.dtype.is_floating else tf.cast(x, tf.float32)


def forest(nodes: dict[str, Any], leaves: dict[str, Any], targets: int) -> Forest:
    """Of the older operators: nodes by the ids of their trees and their own.

    `nodes` are the attributes `nodes_*` without that prefix; `leaves` has treeids, nodeids,
    ids and weights.
    """
    keys = list(zip(nodes["treeids"], nodes["nodeids"], strict=True))
    index = {key: place for place, key in enumerate(keys)}
    names = nodes["modes"]
    leaf = np.array([name == "LEAF" for name in names])
    own = np.arange(len(keys))

    def linked(ids: list[int]) -> Column:
        return np.array(
            [
                place if leaf[place] else index[tree, target]
                for place, ((tree, _), target) in enumerate(zip(keys, ids, strict=True))
            ],
            np.int32,
        )

    yes, no = linked(nodes["truenodeids"]), linked(nodes["falsenodeids"])
    pointed = set(yes[~leaf]) | set(no[~leaf])
    weights = np.zeros((len(keys), targets))
    told = np.zeros((len(keys), targets), bool)
    rows = zip(leaves["treeids"], leaves["nodeids"], leaves["ids"], leaves["weights"], strict=True)
    for tree, node, target, weight in rows:
        weights[index[tree, node], target] += weight
        told[index[tree, node], target] = True
    flags = nodes["missing"] or [0] * len(keys)
    return Forest(
        features=np.array(nodes["featureids"], np.int32),
        splits=np.asarray(nodes["values"]),
        modes=np.array([0 if each == "LEAF" else MODES.index(each) for each in names], np.int32),
        yes=yes,
        no=no,
        missing=np.array(flags, bool),
        roots=np.array([place for place in own if place not in pointed], np.int32),
        weights=weights,
        told=told,
        members={},
    )
