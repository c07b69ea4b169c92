"""scikit-learn's own trees: walked without any check there, so checked here."""

from typing import TYPE_CHECKING, Any

from shared.domain.errors import InvalidModel
from workers.tabular.objects import objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def check_trees(model: Any) -> None:
    """Hold every tree of the model to its own size.

    Raises:
        InvalidModel: a child, a feature or a set of categories that a node names is not there.
    """
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.tree._tree import Tree

    for owner in objects(model):
        parts = list(getattr(owner, "__dict__", {}).values())
        for each in (owner, *parts):
            if isinstance(each, Tree):
                _check(*_of_tree(each), each.n_features)
        if isinstance(getattr(owner, "tree_", None), Tree):
            _insist_on_width(owner.tree_.n_features, owner.n_features_in_)
        if isinstance(owner, TreePredictor):
            _check_predictor(owner)
    for owner in objects(model):
        if hasattr(owner, "_predictors"):
            for feature, _ in thresholds(owner):
                _insist_on_width(int(feature.max(initial=-1)) + 1, owner.n_features_in_, most=True)


def thresholds(model: Any) -> "Iterator[tuple[NDArray[Any], NDArray[Any]]]":
    """Feature and threshold of every split of every tree in the model."""
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.tree._tree import Tree

    for each in objects(model):
        if isinstance(each, Tree):
            split = each.children_left >= 0
            yield each.feature[split], each.threshold[split]
        elif isinstance(each, TreePredictor):
            split = each.nodes["is_leaf"] == 0
            yield each.nodes["feature_idx"][split], each.nodes["num_threshold"][split]


def _of_tree(tree: Any) -> "tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]":
    left, right = tree.children_left, tree.children_right
    return left, right, tree.feature, (left >= 0) | (right >= 0)


def _check(
    left: "NDArray[Any]",
    right: "NDArray[Any]",
    feature: "NDArray[Any]",
    split: "NDArray[Any]",
    width: int,
) -> None:
    """Children come behind their parents, so nobody walks in a circle."""
    import numpy as np

    count = len(left)
    places = np.arange(count)[split]
    sound = count > 0 and all(
        bool(((each[split] > places) & (each[split] < count)).all()) for each in (left, right)
    )
    if not sound or not bool(((feature[split] >= 0) & (feature[split] < width)).all()):
        raise InvalidModel(
            "A tree of the model is broken: a child or a feature that it names is not there. Save"
            " the model again."
        )


def _check_predictor(predictor: Any) -> None:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes = getattr(predictor, "nodes", None)
    if nodes is None or getattr(nodes, "dtype", None) != PREDICTOR_RECORD_DTYPE:
        raise InvalidModel("A tree of the model has nodes of another kind than scikit-learn's.")
    split = nodes["is_leaf"] == 0
    feature = nodes["feature_idx"].astype("int64")
    left, right = (nodes[each].astype("int64") for each in ("left", "right"))
    _check(left, right, feature, split, 1 << 31)
    by_category = nodes["bitset_idx"][split & (nodes["is_categorical"] != 0)]
    sets = getattr(predictor, "raw_left_cat_bitsets", ())
    if by_category.size and int(by_category.max()) >= len(sets):
        raise InvalidModel("A tree of the model names a set of categories that is not there.")


def _insist_on_width(width: int, expected: int, *, most: bool = False) -> None:
    if width > expected or (width != expected and not most):
        raise InvalidModel(
            f"A tree of the model takes {width} features, the model {expected}. Save it again."
        )
