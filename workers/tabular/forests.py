"""Forests: the trees of XGBoost and LightGBM as arrays, checked before anything walks them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.domain.errors import InvalidModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Branch(StrEnum):
    """When a row goes left, as ONNX names it."""

    BELOW = "BRANCH_LT"
    UP_TO = "BRANCH_LEQ"


class Link(StrEnum):
    """What becomes of the sum of the leaves."""

    IDENTITY = "identity"
    EXP = "exp"
    SIGMOID = "sigmoid"
    SQUARE = "square"  # sign(x) * x * x
    BINARY = "binary"  # probabilities of two classes, by a sigmoid
    HINGE = "hinge"  # 0 or 1, by the sign
    SOFTMAX = "softmax"
    EACH = "each"  # a sigmoid for each class, as one against the others


CLASSIFYING = frozenset({Link.BINARY, Link.HINGE, Link.SOFTMAX, Link.EACH})


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree, its root at 0. All arrays have one entry a node.

    `value` (float32) is the threshold of a split and the weight of a leaf; `left` and `right`
    (int64) are -1 at a leaf; `missing_left` says where NaN goes. Its leaves add to `target`.
    """

    feature: "NDArray[Any]"
    value: "NDArray[Any]"
    left: "NDArray[Any]"
    right: "NDArray[Any]"
    missing_left: "NDArray[Any]"
    target: int


@dataclass(frozen=True, slots=True)
class Forest:
    """`base` is added to each of the sums; `slope` multiplies them before a sigmoid."""

    trees: tuple[Tree, ...]
    features: int
    targets: int
    base: tuple[float, ...]
    branch: Branch
    link: Link
    slope: float = 1.0

    @property
    def classifies(self) -> bool:
        return self.link in CLASSIFYING

    @property
    def nodes(self) -> int:
        return sum(len(each.value) for each in self.trees)


def check(forest: Forest) -> Forest:
    """The same forest, once every index in it is known to lead somewhere.

    Raises:
        InvalidModel: a tree has no root, a child that is none, a circle, or a foreign feature.
    """
    import numpy as np

    if forest.features < 1:
        raise InvalidModel("The model has no features: nothing could be fed to it.")
    if not forest.trees:
        raise InvalidModel("The model has no trees. Train it, and save it again.")
    for number, tree in enumerate(forest.trees):
        count = len(tree.value)
        split = tree.left >= 0
        places = np.arange(count)
        children = (tree.left, tree.right)
        sound = count > 0 and all(
            len(each) == count for each in (tree.feature, tree.left, tree.right, tree.missing_left)
        )
        sound = (
            sound
            and bool((split == (tree.right >= 0)).all())
            and all(bool((each[split] < count).all()) for each in children)
            and np.unique(np.concatenate([each[split] for each in children])).size
            == 2 * int(split.sum())
            and all(bool((each[split] != 0).all()) for each in children)
            and bool(((tree.feature >= 0) & (tree.feature < forest.features))[split].all())
            and bool(np.isfinite(tree.value[~split]).all())
            and not bool(np.isnan(tree.value).any())
            and places.size == count
        )
        if not sound:
            raise InvalidModel(
                f"Tree {number} is broken: a child or a feature that it names is not there. Save"
                " the model again."
            )
        if not 0 <= tree.target < forest.targets:
            raise InvalidModel(f"Tree {number} adds to output {tree.target}, which is not there.")
    return forest


def rounded_down(threshold: "NDArray[Any]") -> "NDArray[Any]":
    """The largest float32 that is not above: float32 rows then go left where they did before."""
    import numpy as np

    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
